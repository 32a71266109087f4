"""Sets matplotlib's SVG figures into the page itself, where the theme's colours and fonts reach them.

A figure without a text alternative is a build warning.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from figure_theme import is_matplotlib, themed

logger = logging.getLogger(__name__)


def inline_figures(app, doctree, docname) -> None:
    if app.builder.format != "html":
        return
    for number, image in enumerate(list(doctree.findall(nodes.image)), start=1):
        path = Path(app.srcdir) / image["uri"]
        if path.suffix != ".svg" or not path.is_file():
            continue
        svg = path.read_text(encoding="utf-8")
        if not is_matplotlib(svg):
            continue
        label = image.get("alt", "").strip()
        if not label:
            logger.warning("a figure without alt text", location=image, type="figure")
        image.replace_self(nodes.raw("", themed(svg, f"f{number}-", label), format="html"))


def setup(app) -> dict:
    app.connect("doctree-resolved", inline_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
