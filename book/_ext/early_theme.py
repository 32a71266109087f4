"""Gives a page its colours before the theme's scripts run, and without them.

The theme writes data-theme="auto", for which its style sheet has no rule: until a script has put light or dark there, the
page has two logos, a header through which the text shows, and no coloured code; a reader who wants it dark sees it white.
"""

from pathlib import Path

from built_pages import built_pages

EARLY = (
    (' data-theme="auto">', ' data-theme="light">'),  # of the page; what stays where no script runs
    (
        'dataset.theme = localStorage.getItem("theme") || "auto";',
        'dataset.theme = localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");',
    ),
)


def colour(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    for path in built_pages(Path(app.outdir)):
        html = path.read_text(encoding="utf-8")
        for late, early in EARLY:
            html = html.replace(late, early, 1)
        path.write_text(html, encoding="utf-8")


def setup(app) -> dict:
    app.connect("build-finished", colour)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
