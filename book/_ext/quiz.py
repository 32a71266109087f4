"""The directive ``{quiz} id``: a question on the page, answered there, with an explanation for every answer.

The body is the question and, last, one list. An item is an answer, followed by a quotation that says why it is right,
or which misunderstanding it shows:

- kinds ``choice``, ``change`` and ``fault``: a bullet list whose items start with ``[x]`` (the right one) or ``[ ]``;
- kind ``order``: a numbered list in the right order;
- kind ``number``: a bullet list of ``[x] value ± tolerance``, wrong numbers that have a name, and last ``[ ] other``.

What is written is a readable list of the answers with their explanations. Where JavaScript runs, ``quiz.js`` makes a
form of it. A quiz that cannot be answered, or an answer without an explanation, is an error of the build.
"""

import random
import re
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

import progress
from contents import stem
from static_files import copy_static

SOURCE = Path(__file__).resolve().parent.parent / "_quiz"
TITLES = {
    "choice": "Choose one",
    "change": "Choose the change",
    "fault": "Spot the fault",
    "order": "Put in order",
    "number": "Predict the number",
}
ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MARK = re.compile(r"\[([ xX])\]\s*")
NUMBER = r"[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
VALUE = re.compile(rf"({NUMBER})(?:\s*±\s*({NUMBER})\s*(%)?)?")
EXACT = 1e-6  # relative tolerance where none is given: room for a typed 0.333333
FEWEST, MOST_STEPS = 2, 7
SHORTEST_ORDER = 3


class Malformed(Exception):
    """What is wrong with a quiz, in words for its author."""


class quiz(nodes.General, nodes.Element):
    """A whole quiz: ``page``, ``name``, ``kind``, ``number`` on its page, ``unit``; for an order ``start``."""


class part(nodes.General, nodes.Element):
    """A ``<div class="quiz-…">`` inside; ``data`` becomes data-attributes."""


@dataclass(frozen=True)
class Interval:
    """The typed numbers that count as one answer."""

    value: float
    tolerance: float  # absolute

    @classmethod
    def read(cls, text: str) -> "Interval":
        """Read "600", "-0.5 ± 0.01" or "8e-3 ± 2 %"; raises Malformed."""
        found = VALUE.fullmatch(text.strip())
        if not found:
            raise Malformed(f"{text!r} is no number like 600, -0.5 ± 0.01 or 8e-3 ± 2 %")
        value = float(found[1].replace("−", "-"))
        tolerance = EXACT * abs(value)
        if found[2]:
            tolerance = float(found[2]) * (abs(value) / 100 if found[3] else 1)
        return cls(value, tolerance)

    def meets(self, other: "Interval") -> bool:
        return abs(self.value - other.value) <= self.tolerance + other.tolerance


class Quiz(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec = {"kind": directives.unchanged, "unit": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        name, kind = self.arguments[0], self.options.get("kind", "choice")
        page = progress.page_name(self.env.docname)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        try:
            if not ID.fullmatch(name):
                raise Malformed("an id has small letters, digits and single hyphens only")
            if kind not in TITLES:
                raise Malformed(f"there is no kind {kind!r}; there are: {', '.join(TITLES)}")
            if "unit" in self.options and kind != "number":
                raise Malformed("a unit belongs to the kind 'number' only")
            question, answers = split(body, numbered=kind == "order")
            items = [item(answer, n, kind) for n, answer in enumerate(answers, start=1)]
            look_over(items, kind)
            anchor = f"quiz-{stem(self.env.docname)}-{name}"
            number = progress.register(self.env, self.env.docname, "quiz", name, TITLES[kind], anchor)
        except (Malformed, ValueError) as wrong:
            raise self.error(f"quiz {name!r}: {wrong}") from wrong

        node = quiz(page=page, name=name, kind=kind, number=number, unit=self.options.get("unit", ""), ids=[anchor])
        if kind == "order":
            node["start"] = shuffled(len(items), f"{page}/{name}")
        title = nodes.paragraph("", f"Quiz {number} · {TITLES[kind]}")
        numbered = nodes.enumerated_list(enumtype="arabic", prefix="", suffix=".")
        shown = numbered if kind == "order" else nodes.bullet_list(bullet="-")
        shown["classes"].append("quiz-answers")
        shown += [found.node(kind) for found in items]
        node += [part("", title, role="title"), part("", *question, role="question"), shown]
        self.set_source_info(node)
        return [node]


@dataclass
class Item:
    """One answer: what it says, why it is right or wrong, and for a number which typed ones it stands for."""

    right: bool
    label: list[nodes.Node]
    why: list[nodes.Node]
    interval: Interval | None = None

    def node(self, kind: str) -> nodes.list_item:
        data = {}
        if self.interval is not None:
            data = {"value": self.interval.value, "tolerance": self.interval.tolerance}
        elif kind == "number":
            data = {"other": ""}
        made = nodes.list_item("", part("", *self.label, role="label", data=data), part("", *self.why, role="why"))
        if kind == "order":
            return made
        if not isinstance(self.why[0], nodes.paragraph):
            made[1].insert(0, nodes.paragraph())
        verdict = nodes.strong("", "Right." if self.right else "Not this.", classes=["quiz-verdict"])
        made[1][0].insert(0, [verdict, nodes.Text(" ")])
        if self.right:
            made["classes"].append("quiz-right")
        return made


def split(body: nodes.Element, numbered: bool) -> tuple[list[nodes.Node], list[nodes.list_item]]:
    """Part the body into the question and the items of its last list."""
    wanted, name = (nodes.enumerated_list, "numbered list") if numbered else (nodes.bullet_list, "bullet list")
    if not body.children or not isinstance(body.children[-1], wanted):
        raise Malformed(f"it must end with a {name} of its answers")
    if len(body.children) == 1:
        raise Malformed("it asks no question before its answers")
    return body.children[:-1], list(body.children[-1].children)


def item(answer: nodes.list_item, n: int, kind: str) -> Item:
    """Read the ``n``-th item of a quiz's list; raises Malformed."""
    which = f"step {n}" if kind == "order" else f"answer {n}"
    label, why = list(answer.children), []
    while label and isinstance(label[-1], nodes.block_quote):  # an empty line makes two quotations of one
        why = label.pop().children + why
    if not why:
        raise Malformed(f'{which} has no explanation (a quotation, "> …", at its end)')
    if not label:
        raise Malformed(f"{which} says nothing before its explanation")
    if kind == "order":
        return Item(True, label, why)
    start = label[0].children[0] if isinstance(label[0], nodes.paragraph) and label[0].children else None
    mark = MARK.match(start) if isinstance(start, nodes.Text) else None
    if not mark:
        raise Malformed(f"{which} does not start with [x] (right) or [ ] (wrong)")
    label[0].replace(start, nodes.Text(start[mark.end() :]))
    if not label[0].astext().strip():
        del label[0]  # the mark stood alone, before a block of code
    if not label:
        raise Malformed(f"{which} says nothing after its mark")
    found = Item(mark[1] != " ", label, why)
    if kind == "number":
        text = label[0].astext().strip()
        if text != "other":
            found.interval = Interval.read(text)
        label[0].clear()
        label[0] += nodes.Text("Any other number" if text == "other" else printed(text))
    return found


def printed(text: str) -> str:
    """Return a number as a book prints it, without its tolerance: -6e-5 ± 1 % → −6 × 10⁻⁵."""
    power = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    value = text.split("±")[0].strip()
    return re.sub(r"e\+?(-?\d+)", lambda found: " × 10" + found[1].translate(power), value).replace("-", "−")


def look_over(items: list[Item], kind: str) -> None:
    """Raise Malformed where the answers together make no quiz."""
    if kind == "order":
        if not SHORTEST_ORDER <= len(items) <= MOST_STEPS:
            raise Malformed(f"an order has {SHORTEST_ORDER} to {MOST_STEPS} steps, not {len(items)}")
        return
    if len(items) < FEWEST:
        raise Malformed("one answer is no choice")
    right = sum(found.right for found in items)
    if right != 1:
        raise Malformed(f"exactly one answer must be right ([x]), not {right or 'none'}")
    if kind == "number":
        *named, last = items
        if last.interval is not None or last.right or any(found.interval is None for found in named):
            raise Malformed("its last answer, and no other, must be: [ ] other")
        for n, one in enumerate(named, start=1):
            for m, two in enumerate(named[n:], start=n + 1):
                if one.interval.meets(two.interval):
                    raise Malformed(f"a number may be both answer {n} and answer {m}")


def shuffled(count: int, seed: str) -> list[int]:
    """Return an order that is not the right one: the same at every build, another for another quiz."""
    order = list(range(count))
    draw = random.Random(sha256(seed.encode()).digest())
    while order == sorted(order):
        draw.shuffle(order)
    return order


def open_quiz(writer, node: quiz) -> None:
    data = {"page": node["page"], "quiz": node["name"], "kind": node["kind"]}
    if node["unit"]:
        data["unit"] = node["unit"]
    if node["kind"] == "order":
        data["start"] = " ".join(map(str, node["start"]))
    attributes = "".join(f' data-{key}="{escape(value)}"' for key, value in data.items())
    writer.body.append(f'<course-quiz class="quiz" id="{node["ids"][0]}"{attributes}>\n')


def close_quiz(writer, node: quiz) -> None:
    writer.body.append("</course-quiz>\n")


def open_part(writer, node: part) -> None:
    attributes = "".join(f' data-{key}="{value}"' for key, value in node.get("data", {}).items())
    writer.body.append(f'<div class="quiz-{node["role"]}"{attributes}>\n')


def close_part(writer, node: part) -> None:
    writer.body.append("</div>\n")


def nothing_around(writer, node: nodes.Element) -> None:
    """Other writers show what is inside: a title, a question and a list."""


def copy_files(app) -> None:
    copy_static(app, "quiz", SOURCE.iterdir())


def load_files(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None and next(doctree.findall(quiz), None):
        app.add_css_file("quiz/quiz.css")
        app.add_js_file("quiz/quiz.js", loading_method="defer")


def setup(app) -> dict:
    app.setup_extension("progress")
    plain = (nothing_around, nothing_around)
    others = dict(latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_node(quiz, html=(open_quiz, close_quiz), **others)
    app.add_node(part, html=(open_part, close_part), **others)
    app.add_directive("quiz", Quiz)
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", load_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
