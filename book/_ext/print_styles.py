"""How pages come out of a printer: a style sheet for every page, and one that sets the cheat sheet on one side of A4.

Both are marked for print only, so that no page waits for them on a screen.
"""

from pathlib import Path

from static_files import copy_static

FOLDER = Path(__file__).parent / "print"
ONE_SHEET = "book/cheat_sheet"


def copy_styles(app) -> None:
    copy_static(app, "print", FOLDER.glob("*.css"))


def link_styles(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None:
        app.add_css_file("print/print.css", media="print")
    if pagename == ONE_SHEET:
        app.add_css_file("print/one-sheet.css", media="print", priority=900)


def setup(app) -> dict:
    app.connect("builder-inited", copy_styles)
    app.connect("html-page-context", link_styles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
