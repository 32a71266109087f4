"""Lets a page draw sooner: takes from highlighted code the marks that colour nothing.

Pygments marks every name, bracket and space; in the book's colours most of them look like unmarked text.
"""

import re
from pathlib import Path

from built_pages import built_pages

RULE = re.compile(r"^(?P<theme>html\S*) \.highlight(?: \.(?P<kind>\w+))? \{ (?P<style>[^}]*)\}", re.MULTILINE)
COLOUR = re.compile(r"(?:^|; )color: (#\w+)")
CODE = re.compile(r'<div class="highlight"><pre.*?</pre>', re.DOTALL)


def lighten(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    kinds = plain_kinds((out / "_static" / "pygments.css").read_text(encoding="utf-8"))
    for path in built_pages(out):
        html = path.read_text(encoding="utf-8")
        lighter = CODE.sub(lambda block: without_marks(block[0], kinds), html)
        if lighter != html:
            path.write_text(lighter, encoding="utf-8")


def plain_kinds(css: str) -> set[str]:
    """Return the kinds of token which every theme sets as it sets text: in the same colour, and in no other way."""
    rules = [(rule["theme"], rule["kind"], rule["style"].strip()) for rule in RULE.finditer(css)]
    text = {theme: f"color: {COLOUR.search(style)[1]}" for theme, kind, style in rules if kind is None and COLOUR.search(style)}
    kinds = {kind for _, kind, _ in rules if kind}
    return kinds - {kind for theme, kind, style in rules if kind and style != text.get(theme)}


def without_marks(code: str, kinds: set[str]) -> str:
    if not kinds:
        return code
    return re.sub(rf'<span class="(?:{"|".join(sorted(kinds))})">([^<]*)</span>', r"\1", code)


def setup(app) -> dict:
    app.connect("build-finished", lighten, priority=940)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
