"""The knowledge map and the interview bank: what their directives draw, gather and refuse."""

import re
from itertools import combinations
from pathlib import Path

import map_layout
import pytest

from tests import small_site
from tests.site.pages import SITE

ROOT = Path(__file__).parents[2]
CONFIG = {"extensions": ["myst_parser", "knowledge_map", "interview"], "myst_enable_extensions": ["colon_fence"]}
GLOSSARY = "# Words\n\n```{glossary}\nmean\n  A sum, divided.\n\nvariance\n  A mean of squares.\n```\n"
QUESTION = "::::{interview} Why *this*?\n:level: core\n\n- one\n- two\n\nBecause of {ref}`start`.\n::::\n"


@pytest.fixture
def build(tmp_path):
    """Return a function from pages (in the order of the contents) to their HTML and the build's warnings."""

    def run(**given: str) -> tuple[dict[str, str], str]:
        index = "# Home\n\n```{toctree}\n" + "\n".join(given) + "\n```\n"
        return small_site.build(tmp_path, CONFIG, {"index": index, **given})

    return run


def chapter(title: str, text: str = "", **learn: str) -> str:
    options = "".join(f":{name}: {value}\n" for name, value in learn.items())
    return f"# {title}\n\n{text}\n\n:::{{learn}}\n{options}:::\n"


# The map


def test_the_map_links_every_chapter_and_says_it_in_words(build):
    html, warnings = build(
        a=chapter("Sums", introduces="mean"),
        b=chapter("Squares", "A {term}`mean`.", before="a", introduces="variance"),
        map="# Map\n\n```{knowledge-map}\n```\n",
        words=GLOSSARY,
    )
    assert warnings == ""
    svg = re.search(r"<svg.*?</svg>", html["map"], re.DOTALL)[0]
    boxes = re.findall(r'<a href="([^"]+)">.*?<text[^>]*>([^<]*)</text></a>', svg)
    assert boxes == [("a.html", "Sums "), ("b.html", "Squares ")]
    words = re.sub(r"<[^>]+>", "", html["map"])
    assert "Needs: Sums" in words and "Unlocks: Squares" in words and "Introduces: variance" in words
    assert "Unlocks: " in re.sub(r"<[^>]+>", "", html["a"])  # the chapter itself says it too


@pytest.mark.parametrize(
    "given, warning",
    [
        ({"a": chapter("A", before="b"), "b": chapter("B", before="a")}, r"a\.md:5: .*needed before itself: a → b → a"),
        ({"a": chapter("A", before="nowhere")}, r"a\.md:5: .*no page: nowhere"),
        ({"a": chapter("A", introduces="median")}, r"a\.md:5: .*no entry of the glossary: median"),
        ({"a": chapter("A", introduces="mean"), "b": chapter("B", introduces="Mean")}, r"b\.md:5: .*here and in a: Mean"),
        ({"a": chapter("A", "A {term}`mean`."), "b": chapter("B", introduces="mean")}, r"a\.md:3: .*introduced, in b: mean"),
    ],
)
def test_a_wrong_order_is_a_warning_with_its_place(build, given, warning):
    _, warnings = build(**given, words=GLOSSARY)
    assert re.search(warning, warnings), warnings


def test_a_term_may_come_from_a_chapter_that_is_needed_indirectly(build):
    a, b = chapter("A", introduces="mean"), chapter("B", before="a")
    _, warnings = build(a=a, b=b, c=chapter("C", "The {term}`mean`, and means.", before="b"), words=GLOSSARY)
    assert warnings == ""


def test_boxes_stand_below_what_they_need_and_two_abreast():
    needs = {"a": [], "b": ["a"], "c": ["a"], "d": ["a"], "e": ["b", "d"]}
    rows = map_layout.layers(needs)
    row = {box: number for number, boxes in enumerate(rows) for box in boxes}
    assert all(row[other] < row[box] for box, others in needs.items() for other in others)
    assert max(map(len, rows)) == map_layout.ABREAST


def test_the_fewest_arrows_cross_though_others_are_shorter():
    needs = {"a": [], "b": ["a"], "c": [], "d": ["a"], "e": ["c"]}
    items, joined = map_layout.with_lanes(needs, map_layout.layers(needs))
    x = map_layout.places(map_layout.untangled(items, joined))
    layer = {item: number for number, row in enumerate(items) for item in row}
    side_by_side = [(one, two) for one, two in combinations(joined, 2) if layer[one[0]] == layer[two[0]]]
    assert all((x[a] - x[c]) * (x[b] - x[d]) >= 0 for (a, b), (c, d) in side_by_side)


def test_a_shortcut_is_not_drawn():
    assert map_layout.without_shortcuts({"a": [], "b": ["a"], "c": ["a", "b"]})["c"] == ["b"]


# The bank


def test_the_bank_gathers_the_chapters_questions(build):
    first = "(start)=\n# First\n\n" + QUESTION
    html, warnings = build(a=first, b="# Second\n\n" + QUESTION.replace("core", "deep"), bank="# Bank\n\n```{interview-bank}\n```\n")
    assert warnings == ""
    assert re.findall(r'data-level="([^"]+)"', html["bank"]) == ["core", "deep"]
    assert re.findall(r'id="questions-(\w)"', html["bank"]) == ["a", "b"]
    assert html["bank"].count('href="a.html#start"') == 2 and 'href="#start"' in html["a"]
    assert "2 questions" in html["bank"] and "interview-bank.js" in html["bank"]
    assert 'class="interview-filter" data-levels="warm-up core deep"' in html["bank"]
    assert "interview-bank.js" not in html["a"]
    ids = re.findall(r' id="([^"]+)"', html["bank"])
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "question",
    [
        QUESTION.replace(":level: core\n", ""),
        QUESTION.replace("core", "hard"),
        QUESTION.replace("- two\n", ""),
        QUESTION.replace("Because of {ref}`start`.", ""),
    ],
)
def test_an_incomplete_question_breaks_the_build(build, question):
    _, warnings = build(a="(start)=\n# First\n\n" + question)
    assert "a.md:4" in warnings and "ERROR" in warnings


# The book


def numbered_chapters() -> list[Path]:
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    part = re.search(r"numbered: true(.*?)caption:", contents, re.DOTALL)[1]
    return [ROOT / f"{name}.md" for name in re.findall(r"file: (\S+)", part)]


@pytest.mark.parametrize("path", numbered_chapters(), ids=lambda path: path.stem)
def test_every_chapter_is_on_the_map_and_asks_questions(path):
    text = path.read_text(encoding="utf-8")
    assert text.count(":::{learn}") == 1
    questions = text.count("::::{interview} ")
    assert questions >= 5 and "{dropdown} Model answer" not in text
    if (SITE / "index.html").exists():
        drawn = (SITE / "book" / "knowledge_map.html").read_text(encoding="utf-8")
        assert f'<a href="{path.stem}.html"><rect' in drawn
        bank = (SITE / "book" / "interview_bank.html").read_text(encoding="utf-8")
        part = re.search(rf'id="questions-{path.stem.replace("_", "-")}"(.*?)(?=id="questions-|</article>)', bank, re.DOTALL)[1]
        assert part.count('class="interview"') == questions


def test_the_bank_has_every_level():
    text = "".join(path.read_text(encoding="utf-8") for path in numbered_chapters())
    assert set(re.findall(r"^:level: (\S+)$", text, re.MULTILINE)) == {"warm-up", "core", "deep"}


def test_every_entry_of_the_glossary_is_introduced_by_a_chapter():
    words = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    entries = [
        re.findall(r"^\S.*$", entry, re.MULTILINE)
        for block in re.findall(r"```\{glossary\}\n(.*?)```", words, re.DOTALL)
        for entry in block.strip().split("\n\n")
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in numbered_chapters())
    introduced = {name.strip().lower() for line in re.findall(r"^:introduces: (.*)$", text, re.MULTILINE) for name in line.split(",")}
    assert [names for names in entries if not introduced & {name.lower() for name in names}] == []
