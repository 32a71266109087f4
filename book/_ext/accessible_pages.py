"""Mends in the theme's HTML what a screen reader or voice control stumbles over.

Each mend names its reason; axe-core finds it again if it is taken away (tests/site/test_browser.py).
"""

import re

MENDS = (
    # A control's name must hold the words that are on it: these labels replace them.
    (r'(<summary) aria-label="Toggle hidden content"', r"\1"),
    (r'(<button class="[^"]*search-button-field[^>]*?) aria-label="Search"', r"\1"),
    # The key that opens the search is no part of the button's name.
    (r'<span class="search-button__kbd-shortcut"', r'\g<0> aria-hidden="true"'),
    # The book's name stands in the sidebar, outside every landmark.
    (r'<div id="pst-primary-sidebar"', r'\g<0> role="region" aria-label="Book"'),
    # An empty corner of a table heads nothing.
    (r"<th([^>]*)>(?:<p>)?\s*(?:</p>)?</th>", r"<td\1></td>"),
    # What stands first in a row names it, as the head of a column does.
    (
        r'(?s)(<tr class="row-(?:even|odd)">)<td(?! class="head")([^>]*)>(?!(?:<p>)?\s*(?:</p>)?</td>)(.*?)</td>',
        r'\1<th scope="row"\2>\3</th>',
    ),
    # This role no longer exists; the entries stand in an element with role=list.
    (r'role="doc-biblioentry"', 'role="listitem"'),
)


def mended(html: str) -> str:
    for wrong, right in MENDS:
        html = re.sub(wrong, right, html)
    return html


def offer(app, pagename, templatename, context, doctree) -> None:
    """templates/layout.html passes the page through `mended`."""
    context["mended"] = mended


def setup(app) -> dict:
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
