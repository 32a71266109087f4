"""Lets a page draw sooner: what is far below the screen is laid out when the reader comes near it.

A browser that skips a box has to know its height, or the page would jump. A figure says its own (``figure_theme``), a
formula too (``katex_math``), and a block of code has as many lines as are counted here. The style sheet does the rest,
with ``content-visibility``.
"""

import re
from pathlib import Path

from static_files import copy_static

SCRIPT = Path(__file__).with_name("late-layout.js")
CODE = re.compile(r'<div class="highlight"><pre>(.*?)</pre>', re.DOTALL)


def copy_script(app) -> None:
    copy_static(app, "scripts", [SCRIPT])


def count_lines(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    if CODE.search(body):
        context["body"] = with_lines(body)
        app.add_js_file(f"scripts/{SCRIPT.name}", loading_method="defer")


def with_lines(html: str) -> str:
    """Write into each block of code how many lines it has."""

    def counted(block: re.Match) -> str:
        lines = block[1].rstrip().count("\n") + 1
        return block[0].replace("<pre>", f'<pre style="--lines: {lines}">', 1)

    return CODE.sub(counted, html)


def setup(app) -> dict:
    app.connect("builder-inited", copy_script)
    app.connect("html-page-context", count_lines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
