"""Formulas typeset while the book is built, so that a page needs no script to show them.

KaTeX writes HTML for the eye and MathML for screen readers. Whatever it complains about is a
build warning at the formula's place in the source.
"""

import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from katex_engine import KATEX, Engine

logger = logging.getLogger(__name__)
engine = Engine()

NUMBERED_ENVIRONMENT = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather)\}")
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
STRUT = re.compile(r'<span class="strut" style="height:([\d.]+)em;(?:vertical-align:-([\d.]+)em;)?"></span>')
OLD_FONTS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)')

# Signs that stay on one line with the formula beside them, if it is short enough for a phone: short as LaTeX,
# or made of few signs, of which a command is one at most while braces and scripts add none.
OPENING = re.compile(r"[(\[“‘]+$")
CLOSING = re.compile(r"^(?:[,.;:!?)\]”’'-]+|th\b)")
LONGEST_UNBROKEN = 30
MOST_SIGNS_UNBROKEN = 16
SIGN = re.compile(r"\\[a-zA-Z]+|[^\s\\{}_^]")


def display_tex(node: nodes.math_block) -> str:
    """Return a display formula's LaTeX as one formula that carries no number of its own.

    As in Sphinx, blank lines part the lines of an aligned block, and bare line breaks are allowed.
    The number of an equation is Sphinx's, for only Sphinx can refer to it.
    """
    tex = NUMBERED_ENVIRONMENT.sub(r"\\\1{\2*}", node.astext().strip())
    if node.get("nowrap"):
        return tex
    lines = [split_if_broken(line.strip()) for line in re.split(r"\n\s*\n", tex)]
    return lines[0] if len(lines) == 1 else r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}"


def split_if_broken(tex: str) -> str:
    """LaTeX breaks a line only inside an environment: supply one where none is given."""
    broken = r"\\" in ENVIRONMENT.sub("", tex)
    return rf"\begin{{split}}{tex}\end{{split}}" if broken else tex


def typeset(node: nodes.Element, tex: str, display: bool) -> str:
    html, notes = engine.render(tex, display)
    for note in notes:
        logger.warning("formula %r: %s", tex, note, location=node, type="katex")
    return html or f'<code class="katex-error">{escape(tex)}</code>'


def visit_math(writer, node: nodes.math) -> None:
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    writer.body.append(typeset(node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def visit_math_block(writer, node: nodes.math_block) -> None:
    """The formula scrolls in a box of its own; its number stands beside the box and stays."""
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    html = typeset(node, display_tex(node), display=True)
    writer.body.append(f'<div class="math-box" style="--height: {height_of(html):.3f}em">{html}</div>')
    if node.get("number"):
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def height_of(html: str) -> float:
    """Return the height in em of KaTeX's font; each part that may not be broken begins with a strut of its height."""
    struts = [(float(height), float(depth or 0)) for height, depth in STRUT.findall(html)]
    return max((height - depth for height, depth in struts), default=0.0) + max((depth for _, depth in struts), default=0.0)


def keep_together(app, doctree, docname) -> None:
    """A browser may break the line beside any formula: not before a comma, not after a bracket."""
    if app.builder.format != "html":
        return
    for formula in list(doctree.findall(nodes.math)):
        tex = formula.astext()
        if len(tex) > LONGEST_UNBROKEN and len(SIGN.findall(tex)) > MOST_SIGNS_UNBROKEN:
            continue
        before = _text_beside(formula, -1, OPENING)
        after = _text_beside(formula, +1, CLOSING)
        if before or after:
            group = nodes.inline(classes=["unbroken"])
            formula.replace_self(group)
            group += [nodes.Text(before), formula, nodes.Text(after)]


def _text_beside(formula: nodes.math, step: int, pattern: re.Pattern) -> str:
    """Cut the part that belongs to the formula out of the text next to it."""
    siblings = formula.parent.children
    place = siblings.index(formula) + step
    text = siblings[place] if 0 <= place < len(siblings) else None
    found = pattern.search(text) if isinstance(text, nodes.Text) else None
    if not found:
        return ""
    formula.parent.replace(text, nodes.Text(text[: found.start()] + text[found.end() :]))
    return found[0]


def link_stylesheet(app, pagename, templatename, context, doctree) -> None:
    """A page without a formula does not ask for KaTeX's style sheet and script."""
    if 'class="katex' in context.get("body", ""):
        app.add_css_file("katex/katex.css")
        app.add_js_file("katex/wide-formulas.js", loading_method="defer")


def copy_stylesheet(app) -> None:
    """Put KaTeX's style sheet among the static files, with the one font format all browsers read."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "katex"
    shutil.copytree(KATEX / "fonts", target / "fonts", dirs_exist_ok=True)
    shutil.copy(KATEX / "LICENSE", target)
    shutil.copy(Path(__file__).parent / "wide-formulas.js", target)
    css = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    (target / "katex.css").write_text(OLD_FONTS.sub("", css), encoding="utf-8")


def close_engine(app, exception) -> None:
    engine.close()


def setup(app) -> dict:
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.connect("builder-inited", copy_stylesheet)
    app.connect("doctree-resolved", keep_together)
    app.connect("html-page-context", link_stylesheet)
    app.connect("build-finished", close_engine)
    # A JavaScript engine does not survive a fork.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
