"""Tells search engines and link previews what a page is about.

The description is the front matter's `description`, or else the first words of the page.
"""

import re
from html import unescape

from docutils import nodes
from sphinx.addnodes import toctree

from meta_tags import add_tags

LENGTH = 160
# What is not the page's own running text.
ASIDE = (nodes.Admonition, nodes.container, nodes.figure, nodes.footnote, nodes.table, toctree)
SPECIAL_PAGES = {
    "genindex": ("Index", "Every term of the book, with links to where it is explained."),
    "search": ("Search", "Search the text of the book."),
}


def shorten(text: str) -> str:
    """Return at most LENGTH characters, cut after a whole word."""
    text = " ".join(text.split())
    if len(text) <= LENGTH:
        return text
    return text[: LENGTH - 1].rsplit(" ", 1)[0].rstrip(",;:.–— ") + "…"


def first_words(doctree: nodes.document) -> str:
    """Return the page's first paragraphs, LENGTH characters or a little more, without formulas in LaTeX."""
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if len(text) >= LENGTH:
            break
        if _in_aside(paragraph) or any("\\" in formula.astext() for formula in paragraph.findall(nodes.math)):
            continue
        text += " " + paragraph.astext()
    return text.strip()


def _in_aside(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, ASIDE):
            return True
    return False


def describe(app, pagename, templatename, context, doctree) -> None:
    if doctree is None:
        title, text = SPECIAL_PAGES.get(pagename, ("", ""))
    else:
        title = unescape(re.sub("<[^>]+>", "", context.get("title", "")))
        text = app.env.metadata[pagename].get("description") or first_words(doctree)
    root = pagename == app.config.root_doc
    tags = {
        ("name", "description"): shorten(text),
        ("property", "og:title"): title,
        ("property", "og:description"): shorten(text),
        ("property", "og:type"): "website" if root else "article",
        ("property", "og:site_name"): app.config.html_title or app.config.project,
        ("property", "og:url"): context.get("pageurl") or "",
    }
    add_tags(context, tags)


def setup(app) -> dict:
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
