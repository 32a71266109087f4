"""The exercises as the chapters' sources have them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
_PAIR = re.compile(
    r"^```\{code-cell\}[^\n]*\n:tags: \[exercise\]\n(?P<code>.*?)^```\n+^```\{code-cell\}[^\n]*\n:tags: \[check\]\n(?P<check>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Exercise:
    stem: str
    name: str
    code: str
    check: str


def exercises() -> dict[str, Exercise]:
    """Return {name: exercise} of all chapters, in their order."""
    found = {}
    for path in sorted(BOOK.glob("*.md")):
        for pair in _PAIR.finditer(path.read_text(encoding="utf-8")):
            name = re.search(r"^def (\w+)", pair["code"], re.MULTILINE)[1]
            assert name not in found, name
            found[name] = Exercise(path.stem, name, pair["code"].strip(), pair["check"].strip())
    return found
