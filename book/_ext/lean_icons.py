"""Cuts the theme's icon fonts, 2000 icons, down to those that the site shows.

Runs when all pages are written: the icons' names stand in the pages and in the theme's scripts, the
characters that draw them in its style sheets.
"""

import logging
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from built_pages import built_pages

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports every table it drops

# One icon's rule: .fa-a:before,.fa-b:before{content:"\f123"}
ICON_RULE = re.compile(r'(?:\.fa-[a-z0-9-]+::?before,?)+\{content:"\\[0-9a-f]+"\}')
ICON_NAME = re.compile(r"\bfa-[a-z0-9-]+")
# An icon's character, escaped or as it is.
CHARACTER = re.compile(r'"(?:\\([ef][0-9a-f]{3})|([\ue000-\uf8ff]))"')
FONT_FILES = re.compile(r'url\(([^)]+)\.woff2\) format\("woff2"\),url\(\1\.ttf\) format\("truetype"\)')


def trim_icons(app, exception) -> None:
    out = Path(app.outdir)
    theme = out / "_static" / "styles" / "pydata-sphinx-theme.css"
    if exception or app.builder.format != "html" or not theme.exists():
        return
    users = [*built_pages(out), *out.glob("_static/**/*.js")]
    names = {name for path in users for name in ICON_NAME.findall(path.read_text(encoding="utf-8"))}
    css = trimmed(theme.read_text(encoding="utf-8"), names)
    theme.write_text(css, encoding="utf-8")

    sheets = [css, *(path.read_text(encoding="utf-8") for path in out.glob("_static/**/*.css") if path != theme)]
    characters = {c for sheet in sheets for c in characters_in(sheet)}
    for font in (out / "_static" / "vendor" / "fontawesome").glob("**/*.ttf"):
        write_subset(font, characters)
        font.unlink()
        font.with_suffix(".woff2").unlink(missing_ok=True)


def characters_in(css: str) -> set[int]:
    return {int(code, 16) if code else ord(sign) for code, sign in CHARACTER.findall(css)}


def trimmed(css: str, names: set[str]) -> str:
    """Return the style sheet without the rules of icons that nobody names, and with the cut fonts."""

    def keep(rule: re.Match) -> str:
        return rule[0] if names & set(ICON_NAME.findall(rule[0])) else ""

    return FONT_FILES.sub(r'url(\1.woff) format("woff")', ICON_RULE.sub(keep, css))


def write_subset(font: Path, characters: set[int]) -> None:
    """Write the font beside itself as WOFF, which unlike WOFF2 needs no further package."""
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=characters)
    with TTFont(font, recalcTimestamp=False) as loaded:
        cut.subset(loaded)
        subset.save_font(loaded, str(font.with_suffix(".woff")), options)


def setup(app) -> dict:
    # After lean_pages has deleted what is not loaded at all.
    app.connect("build-finished", trim_icons, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
