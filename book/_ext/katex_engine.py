"""KaTeX in an embedded JavaScript engine: LaTeX in, HTML with MathML out."""

import json
import re
from pathlib import Path

from py_mini_racer import MiniRacer

KATEX = Path(__file__).parents[1] / "_vendor" / "katex"

# KaTeX reports doubtful input through `strict`; all of it is collected, none printed.
RENDER = """
function render(tex, display) {
  const notes = [];
  const strict = (code, message) => { notes.push(message + " [" + code + "]"); return "ignore"; };
  try {
    return JSON.stringify({html: katex.renderToString(tex, {displayMode: display, strict}), notes});
  } catch (error) {
    return JSON.stringify({html: "", notes: [error.message]});
  }
}
"""

# The formula's LaTeX inside the MathML, which no browser shows or reads out.
WITH_SOURCE = re.compile(r"<semantics>(.*)<annotation\b.*</annotation></semantics>", re.DOTALL)

# The name of a function and the invisible sign behind it. As an index, as in \lambda_{\max}, KaTeX leaves the two loose,
# and MathML knows no index of two parts: Firefox reports an error.
FUNCTION = re.compile("(<mi[^<>]*>[^<>]*</mi><mo>\u2061</mo>)")


class Engine:
    """Starts at the first formula and must be closed: its threads keep the process alive."""

    def __init__(self) -> None:
        self._racer: MiniRacer | None = None
        self._known: dict[tuple[str, bool], tuple[str, list[str]]] = {}

    def render(self, tex: str, display: bool) -> tuple[str, list[str]]:
        """Return the formula as HTML, empty if it is wrong, and KaTeX's complaints."""
        if (tex, display) not in self._known:
            if self._racer is None:
                self._racer = MiniRacer()
                self._racer.eval((KATEX / "katex.min.js").read_text(encoding="utf-8") + RENDER)
            answer = json.loads(self._racer.call("render", tex, display))
            html = FUNCTION.sub(r"<mrow>\1</mrow>", WITH_SOURCE.sub(r"\1", answer["html"]))
            self._known[tex, display] = html, answer["notes"]
        return self._known[tex, display]

    def close(self) -> None:
        if self._racer is not None:
            self._racer.close()
            self._racer = None
