"""Lets a page draw sooner: leaves out the theme's rules for what no page has, and scripts no longer hold up the text.

The theme's style sheets cover all of Bootstrap; a browser draws nothing before it has read them. A rule stays if each class
that its selector demands stands in some page, or as a word in some script, which may add it later.
"""

import re
from pathlib import Path

from built_pages import built_pages

SHEETS = ("styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css", "sphinx-design.min.css", "mystnb.*.css")
CLASSES = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"[A-Za-z_][\w-]*")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SCRIPT = re.compile(r'<script(?![^>]*\bdefer\b)([^>]*\bsrc="[^"]*")')
NOT_DEFERRED = "documentation_options.js"  # the lines after it, in the page itself, write into what it defines


def lighten(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    used: set[str] = set()
    for path in built_pages(out):
        html = path.read_text(encoding="utf-8")
        used.update(name for names in CLASSES.findall(html) for name in names.split())
        lighter = deferred(html)
        if lighter != html:
            path.write_text(lighter, encoding="utf-8")
    for path in out.glob("_static/**/*.js"):
        used.update(WORD.findall(path.read_text(encoding="utf-8")))
    for pattern in SHEETS:
        for path in (out / "_static").glob(pattern):
            path.write_text(pruned(path.read_text(encoding="utf-8"), used), encoding="utf-8")


def deferred(html: str) -> str:
    """Scripts run in the same order as before, after the page is read."""
    return SCRIPT.sub(lambda tag: tag[0] if NOT_DEFERRED in tag[1] else f"<script defer{tag[1]}", html)


def pruned(css: str, used: set[str]) -> str:
    """Return the style sheet without the rules that can match nothing."""
    kept = []
    for head, body in blocks(COMMENT.sub("", css)):
        if head.startswith(("@media", "@supports", "@layer", "@container")) and body is not None:
            inner = pruned(body, used)
            if inner.strip():
                kept.append(f"{head}{{{inner}}}")
        elif body is None:
            kept.append(f"{head};")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [one for one in split(head) if can_match(one, used)]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(kept)


def blocks(css: str):
    """Yield (what stands before the brace, what stands in it), and (statement, None) for one without braces."""
    start = place = 0
    while found := re.compile(r'[;{]|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'').search(css, place):
        place = found.end()
        if found[0] == ";":
            yield css[start : found.start()].strip(), None
            start = place
        elif found[0] == "{":
            end = closing(css, place)
            yield css[start : found.start()].strip(), css[place:end]
            start = place = end + 1


def closing(css: str, place: int) -> int:
    """Where the brace closes that was opened before ``place``."""
    depth = 1
    for found in re.compile(r'[{}]|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\\.|url\([^)"\']*\)').finditer(css, place):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.start()
    raise ValueError("a brace is not closed in a style sheet")


def split(selectors: str) -> list[str]:
    """Part a list of selectors at the commas that stand in no bracket."""
    parts, depth = [""], 0
    for sign in selectors:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def can_match(selector: str, used: set[str]) -> bool:
    """Of what stands in brackets, as in :not(.a) and [href=".a"], nothing is demanded. In doubt the rule stays."""
    while (outside := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", selector)) != selector:
        selector = outside
    return "\\" in selector or set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", selector)) <= used


def setup(app) -> dict:
    # After lean_icons, which reads the theme's style sheet too.
    app.connect("build-finished", lighten, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
