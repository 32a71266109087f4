"""Verdicts as people see them: a card for the notebook's cell and for the feedback page."""

import html as escape
import re
from collections.abc import Iterable

from autograder.exercise import Verdict

STYLE = """
.verdicts{border:1px solid;border-left-width:6px;border-radius:6px;padding:.5em 1em;margin:.4em 0;line-height:1.45}
.verdicts.all{border-color:#0f7b53}.verdicts.some{border-color:#c4501b}
.verdicts p{margin:.1em 0 .4em;font-weight:600}.verdicts ul{list-style:none;margin:0;padding:0}
.verdicts li{margin:.35em 0;padding-left:1.6em;text-indent:-1.6em;overflow-wrap:anywhere}
.verdicts .hint{display:block;text-indent:0}
.verdicts small{white-space:nowrap}
"""


def text(verdicts: Iterable[Verdict]) -> str:
    """Return the verdicts of one exercise as plain text."""
    verdicts = list(verdicts)
    rows = [f"{verdicts[0].exercise}: {_points(verdicts)}" if verdicts else "not judged"]
    for v in verdicts:
        state = "holds" if v.passed else "HELD BACK" if v.held else "FAILS"
        rows.append(f"  {state}  {v.title} ({v.points:g} of {v.max_points:g})")
        if not v.passed:
            rows.append(f"         {v.hint}")
    return "\n".join(rows)


def html(verdicts: Iterable[Verdict], book: str = "") -> str:
    """Return the verdicts of one exercise as HTML; everything that came from outside is escaped.

    book: address of the folder that holds the chapters, ending in "/", or "" for no links.
    """
    verdicts = list(verdicts)
    if not verdicts:
        return "<p>not judged</p>"
    rows = []
    explained, told_before = set(), set()
    for v in verdicts:
        mark = "✓ holds:" if v.passed else "… <strong>held back:</strong>" if v.held else "✗ <strong>fails:</strong>"
        row = f"{mark} {escape.escape(v.title)} <small>({v.points:g} of {v.max_points:g})</small>"
        if not v.passed:
            again = bool(v.causes) and v.causes.keys() <= explained
            told = f"{v.message} The cause is the same as above." if again else v.hint
            what = _without_its_case(v.hint)
            if what in told_before:  # a cell that raised says so once, not for every check
                again, told = True, "For the same reason as above."
            row += f"<span class='hint'>{code(told)}{'' if again else _read(v, book)}</span>"
            explained |= v.causes.keys()
            told_before.add(what)
        rows.append(f"<li>{row}</li>")
    kind = "all" if all(v.passed for v in verdicts) else "some"
    heading = f"<code>{escape.escape(verdicts[0].exercise)}</code>: {_points(verdicts)}"
    return f"<style>{STYLE}</style><div class='verdicts {kind} tex2jax_ignore mathjax_ignore'><p>{heading}</p><ul>{''.join(rows)}</ul></div>"


def _without_its_case(hint: str) -> str:
    """Return what was found, without the input for which it was found: "For x of shape (3, 5): …"."""
    return hint.partition(": ")[2] if hint.startswith("For ") else hint


def _read(verdict: Verdict, book: str) -> str:
    sections = [escape.escape(section) for section in dict.fromkeys((verdict.section, verdict.second_section)) if section]
    if not book:
        return f" Read: {', '.join(sections)}" if sections else ""
    links = [f"<a href='{escape.escape(book)}{section}'>" for section in sections]
    if len(links) == 2:
        return f" Read {links[0]}the section on the one</a> and {links[1]}on the other</a>"
    return "".join(f" {link}Read the section</a>" for link in links)


def code(hint: str) -> str:
    """Escape a hint and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape.escape(hint))


def _points(verdicts: list[Verdict]) -> str:
    return f"{sum(v.points for v in verdicts):g} of {sum(v.max_points for v in verdicts):g} points"
