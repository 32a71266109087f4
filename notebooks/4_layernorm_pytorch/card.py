"""The card that a visible check shows: what holds, what does not, and where to look.

Needs the standard library and IPython only, so that its environment check works before anything
else is installed.
"""

import html
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

import python_errors

_STYLE = """
<style>
.ncard{border:1px solid currentColor;border-left-width:6px;border-radius:6px;padding:.6em 1em;margin:.3em 0;
 max-width:46em;font-family:system-ui,sans-serif;line-height:1.45;color:var(--jp-content-font-color1,inherit)}
.ncard.yes{border-color:#0f7b53}.ncard.no{border-color:#c4501b}
.ncard p{margin:.1em 0 .4em;font-weight:600}.ncard ul{list-style:none;margin:0!important;padding:0!important}
.ncard li{margin:.35em 0;padding-left:1.6em;text-indent:-1.6em}.ncard li.note{padding-left:0;text-indent:0}
.ncard li>*{text-indent:0}.ncard dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em .8em;margin:.2em 0 .2em 1.6em}
.ncard dt{opacity:.8}.ncard dd{margin:0;overflow-x:auto;font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap}
</style>
"""


class CheckFailed(Exception):
    """Some checks do not hold. Shown as one line; the card above it says the rest."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class Card:
    """Collects what one visible check finds, then shows it.

    title: what was checked, usually the function's name.
    chapter: stem of the book's page that the sections belong to.
    """

    def __init__(self, title: str, chapter: str) -> None:
        self.title = title
        self.chapter = chapter
        self.lines: list[dict] = []

    def check(self, holds: bool, text: str, expected="", found="", hint: str = "", section: str = "") -> bool:
        """Note one property, in words. The other arguments are shown only when it does not hold.

        section: "label: Title" of the section to read. Returns ``holds``, so that a caller can stop.
        """
        self.lines.append(
            dict(holds=bool(holds), text=text, expected=str(expected), found=str(found), hint=hint, section=section)
        )
        return bool(holds)

    def note(self, text: str) -> None:
        """Add a line that is neither right nor wrong."""
        self.lines.append(dict(holds=None, text=text))

    @property
    def failed(self) -> list[dict]:
        return [line for line in self.lines if line["holds"] is False]

    def show(self) -> None:
        """Display the card. Raises CheckFailed when a property does not hold."""
        from IPython.display import display

        if _ran_unread():
            text = "Python can read the cell that ran before this one"
            hint = "So this is about an earlier definition. Mend that cell, run it, then this one again."
            self.check(False, text, hint=hint)
            self.lines.insert(0, self.lines.pop())
        display({"text/html": self._html(), "text/plain": self._text()}, raw=True)
        if self.failed:
            raise CheckFailed(f"{self.title}: {self._summary()}. The card above says what to look at.")

    def _summary(self) -> str:
        checks = sum(line["holds"] is not None for line in self.lines)
        return f"{checks - len(self.failed)} of {checks} checks hold"

    def _after_title(self) -> str:
        only_notes = all(line["holds"] is None for line in self.lines)
        return "" if only_notes else f": {self._summary()}"

    def _link(self, section: str) -> tuple[str, str]:
        """Return (address or "", words) of a section of the book."""
        label, _, title = section.partition(": ")
        words = f"chapter {self.chapter.partition('_')[0]}, “{title or label}”"
        book = os.environ.get("COURSE_BOOK")  # set by lab_config.py
        return (f"{book}/{self.chapter}.html#{label}" if book else ""), words

    def _text(self) -> str:
        rows = [self.title + self._after_title()]
        for line in self.lines:
            mark = {None: "     ", True: "holds", False: "FAILS"}[line["holds"]]
            rows.append(f"  {mark}  {line['text']}")
            if line["holds"] is False:
                for name in ("expected", "found", "hint"):
                    if line[name]:
                        rows.append(f"         {name}: {line[name]}")
                if line["section"]:
                    rows.append(f"         read: {self._link(line['section'])[1]}")
        return "\n".join(rows)

    def _html(self) -> str:
        items = []
        for line in self.lines:
            marks = {None: "", True: "✓ <span>holds:</span> ", False: "✗ <strong>fails:</strong> "}
            body = f"{marks[line['holds']]}{_code(line['text'])}"
            if line["holds"] is False:
                rows = [(name, html.escape(line[name])) for name in ("expected", "found") if line[name]]
                body += "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>" if rows else ""
                if line["hint"]:
                    body += f"<div style='margin-left:1.6em'>{_code(line['hint'])}</div>"
                if line["section"]:
                    address, words = self._link(line["section"])
                    words = html.escape(words)
                    shown = f"<a href='{html.escape(address)}' target='_blank'>{words}</a>" if address else words
                    body += f"<div style='margin-left:1.6em'>Read: {shown}</div>"
            items.append(f"<li{' class=note' if line['holds'] is None else ''}>{body}</li>")
        kind = "no" if self.failed else "yes"
        title = f"`{self.title}`" if self.title.isidentifier() else self.title
        heading = f"{_code(title)}{self._after_title()}"
        return f"{_STYLE}<div class='ncard {kind}' role='status'><p>{heading}</p><ul>{''.join(items)}</ul></div>"


def _ran_unread() -> bool:
    """Whether Python could not read the cell that ran before, so that what was defined earlier still stands."""
    from IPython import get_ipython

    before = getattr(get_ipython(), "last_execution_result", None)
    return isinstance(getattr(before, "error_before_exec", None), SyntaxError)


def _code(text: str) -> str:
    """Escape a text and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def environment(chapter: str, **packages: str) -> None:
    """Check Python and the packages (name="lowest version") and say what to install."""
    card = Card("environment", chapter)
    version = ".".join(map(str, sys.version_info[:3]))
    card.check(sys.version_info >= (3, 11), f"Python 3.11 or newer (this is {version})", "3.11", version,
               "Install a newer Python, make a new virtual environment with it and start JupyterLab from there.")  # fmt: skip
    for name, lowest in packages.items():
        here = metadata.version(name) if importlib.util.find_spec(name) else "not installed"
        good = here[0].isdigit() and _numbers(here) >= _numbers(lowest)
        card.check(good, f"{name} {lowest} or newer (here: {here})", lowest, here,
                   f"In a terminal: python -m pip install \"{name}>={lowest}\" — then restart the kernel.")  # fmt: skip
    card.show()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit())


@dataclass
class Answer:
    """What a call of a student's function gave: a value and the first warning, or what went wrong in words."""

    value: object = None
    problem: str = ""
    hint: str = ""
    warned: str = ""


def attempt(function: Callable, *args, **kwargs) -> Answer:
    """Call a function; what it raises becomes words, and so does a warning, which is not shown."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = function(*args, **kwargs)
    except Exception as error:
        problem, hint = python_errors.told(error)
        return Answer(problem=problem, hint=hint)
    return Answer(value, warned=str(caught[0].message) if caught else "")


def describe(value: object) -> str:
    """Say what a value is, in a few words."""
    if value is None:
        return "None"
    name = type(value).__name__
    article = "an" if name[0].lower() in "aeiou" else "a"
    if hasattr(value, "shape"):
        return f"{'an array' if name == 'ndarray' else f'{article} {name}'} of shape {tuple(value.shape)}"
    return f"a {name} of {len(value)}" if isinstance(value, tuple | list) else f"{article} {name}"


def predicted(card: Card, prediction: object, name: str) -> bool:
    """Note the prediction, or ask for one."""
    if prediction is None:
        card.note(f"Predict first: give `{name}` a number in the cell above, run that cell, then this one.")
    else:
        card.note(f"Your prediction: {prediction}")
    return prediction is not None


def letters(answers: object, chapter: str, count: int, name: str = "answers") -> None:
    """Say whether every question, q1 and so on, has a letter; not whether it is the right one.

    name: what the notebook calls the answers.
    """
    card = Card("quiz", chapter)
    hint = f'Write `{name} = {{"q1": "a", …}}`.'
    if card.check(isinstance(answers, dict), "the answers are a dict", "a dict", describe(answers), hint):
        for question in (f"q{i + 1}" for i in range(count)):
            given = answers.get(question)
            good = isinstance(given, str) and given.strip().lower() in ("a", "b", "c", "d")
            shown = "no answer" if given is None else repr(given)
            hint = f'Give `{name}["{question}"]` one of the letters a to d, in quotes.'
            card.check(good, f"{question} has a letter", "a, b, c or d", shown, hint)
    card.show()
