"""Lets a page draw sooner: one style sheet for the whole site, and no script that the text must wait for.

A browser draws nothing before it has read every style sheet of a page, and on a phone each costs a journey to the server.
Sheets for print stay apart: nothing waits for them.
"""

import posixpath
import re
from graphlib import TopologicalSorter
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from built_pages import built_pages

FOLDER = "styles"
# A sheet for the screen; not one that an earlier build has joined, for that page is as it should be.
LINK = re.compile(
    r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")(?![^>]*\bmedia=)[^>]*\bhref="(?P<root>(?:\.\./)*)_static/'
    rf'(?!{FOLDER}/site-)(?P<sheet>[^"?]+)[^"]*"[^>]*>\n?'
)
IMPORT = re.compile(r'@import\s+"([^"]+)"\s*;')
CHARSET = re.compile(r'@charset\s+"[^"]*"\s*;')
ADDRESS = re.compile(r"""url\(\s*(["']?)(?!data:|#|https?:)([^"')]+)\1\s*\)""")
OPTIONS = re.compile(r'<script[^>]*\bsrc="[^"]*documentation_options\.js[^"]*"[^>]*></script>')


def join(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    read = {path: path.read_text(encoding="utf-8") for path in built_pages(out)}
    pages = {path: html for path, html in read.items() if sheets_of(html)}
    if not pages:
        return
    css = joined(in_order([sheets_of(html) for html in pages.values()]), static)
    name = f"{FOLDER}/site-{sha256(css.encode()).hexdigest()[:12]}.css"
    (static / name).write_text(css, encoding="utf-8")
    options = f"<script>{(static / 'documentation_options.js').read_text(encoding='utf-8')}</script>"
    for path, html in pages.items():
        path.write_text(OPTIONS.sub(lambda _: options, with_one_sheet(html, name)), encoding="utf-8")


def sheets_of(html: str) -> list[str]:
    """Return the page's style sheets for the screen, by their places in ``_static``."""
    return [found["sheet"] for found in LINK.finditer(html)]


def in_order(lists: list[list[str]]) -> list[str]:
    """Return every sheet once, in an order that is each page's own order too. Raises graphlib.CycleError if two pages differ."""
    graph = TopologicalSorter(dict.fromkeys((sheet for sheets in lists for sheet in sheets), ()))
    for sheets in lists:
        for before, after in pairwise(sheets):
            graph.add(after, before)
    return list(graph.static_order())


def joined(sheets: list[str], static: Path) -> str:
    return "\n".join(with_addresses(sheet, static) for sheet in sheets)


def with_addresses(sheet: str, static: Path) -> str:
    """Return a sheet's text, with what it imports, for a file in FOLDER."""
    here = posixpath.dirname(sheet)
    css = CHARSET.sub("", (static / sheet).read_text(encoding="utf-8"))
    css = ADDRESS.sub(lambda found: f"url({posixpath.relpath(posixpath.join(here, found[2]), FOLDER)})", css)
    return IMPORT.sub(lambda found: with_addresses(posixpath.normpath(posixpath.join(here, found[1])), static), css)


def with_one_sheet(html: str, name: str) -> str:
    """The sheet stands where the first one stood."""
    first = LINK.search(html)
    link = f'    <link rel="stylesheet" href="{first["root"]}_static/{name}">\n'
    return html[: first.start()] + link + LINK.sub("", html[first.end() :])


def setup(app) -> dict:
    # After lean_styles, which takes rules out of the single sheets.
    app.connect("build-finished", join, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
