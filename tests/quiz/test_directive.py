"""The directive: what reaches the page, and what breaks the build."""

import re

import pytest

from .conftest import CHOICE, NUMBER, ORDER, PAGES, ROOT, build

GOOD = "Why?\n\n- [x] yes\n  > So.\n- [ ] no\n  > Not so.\n"


def words(html: str) -> str:
    html = re.sub(r'<span class="katex-mathml">.*?</math></span>', "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def inside(site, page: str, quiz: str) -> str:
    html = (site / f"{page}.html").read_text()
    return html.split(f'id="quiz-{page}-{quiz}"')[1].split("</course-quiz>")[0]


def test_without_a_script_it_is_a_list_with_every_explanation(site):
    read = words(inside(site, "one", "divisor"))
    assert "Quiz 1 · Choose one What does LayerNorm divide the sum of squares by?" in read
    assert "Not this. That estimates a population." in read
    assert "Right. The features are all there is. It is the biased variance." in read
    assert "[x]" not in read and "[ ]" not in read


def test_steps_are_written_in_the_right_order_and_shown_in_another(site):
    html = inside(site, "one", "steps")
    read = words(html)
    assert read.index("subtract the mean") < read.index("square") < read.index("average") < read.index("take the root")
    assert "Right." not in read
    start = re.search(r'data-start="([\d ]+)"', html)[1].split()
    assert sorted(start) == ["0", "1", "2", "3"] != start


def test_numbers_are_printed_as_in_a_book(site):
    read = words(inside(site, "two", "variance"))
    for part in ("600 Right.", "−1200.5 Not this.", "6 × 10⁻⁵ Not this.", "Any other number Not this."):
        assert part in read


def test_code_is_code_in_question_answer_and_explanation(site):
    html = inside(site, "two", "axis")
    assert html.count('<div class="highlight"') == 2
    assert re.search(r'<li class="quiz-right"><div class="quiz-label">\s*<p><code', html)


def test_only_pages_with_a_quiz_load_its_script_and_after_the_store(site):
    for page in PAGES:
        html = (site / f"{page}.html").read_text()
        scripts = re.findall(r'src="_static/((?:quiz|progress)/\w+\.js)', html)
        wanted = {
            "index": [],
            "progress": ["progress/store.js", "progress/page.js"],
        }.get(page, ["progress/store.js", "progress/read.js", "quiz/quiz.js"])
        assert sorted(scripts) == sorted(wanted)
        assert scripts[:1] == wanted[:1]
        assert ("quiz/quiz.css" in html) == (page in ("one", "two"))


def test_the_overview_knows_every_chapter_and_quiz(site):
    html = (site / "progress.html").read_text()
    rows = re.findall(r'<tr data-page="(\w+)" data-chapter="">(.*?)</tr>', html)
    assert [name for name, _ in rows] == ["one", "two"]
    links = [re.findall(r'href="([^"]+)" data-id="([^"]+)" data-name="([^"]+)"', row) for _, row in rows]
    assert links[0] == [
        ("one.html#quiz-one-divisor", "divisor", "Quiz 1, Choose one"),
        ("one.html#quiz-one-steps", "steps", "Quiz 2, Put in order"),
    ]
    for link, _, _ in links[0] + links[1]:
        page, anchor = link.split("#")
        assert f'id="{anchor}"' in (site / page).read_text()


def test_a_changed_page_changes_the_overview(tmp_path):
    assert build(tmp_path, PAGES).returncode == 0
    assert build(tmp_path, {"one": f"# Spread\n\nText.\n\n{ORDER}"}).returncode == 0
    html = (tmp_path / "html" / "progress.html").read_text()
    assert "quiz-one-steps" in html and "quiz-one-divisor" not in html and "quiz-two-axis" in html


def test_one_long_page_reads_well_and_its_links_stay_on_it(tmp_path):
    done = build(tmp_path, PAGES, "singlehtml")
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "singlehtml" / "index.html").read_text()
    assert "Right. The features are all there is." in words(html)
    anchors = re.findall(r'href="(#quiz-[^"]+)"', html)
    assert len(anchors) == 4 and all(f'id="{anchor[1:]}"' in html for anchor in anchors)


@pytest.mark.parametrize("builder", ["text", "latex"])
def test_other_writers_show_the_text(tmp_path, builder):
    done = build(tmp_path, PAGES, builder)
    assert done.returncode == 0, done.stderr
    (made,) = [*(tmp_path / builder).glob("one.txt"), *(tmp_path / builder).glob("*.tex")]
    assert "That takes one mean for all" in made.read_text() or "That estimates" in made.read_text().replace("*", "")


OTHER = "- [ ] other\n  > Work through the four steps.\n"
OTHER_LAST = "its last answer, and no other, must be: [ ] other"
KINDS = "choice, change, fault, order, number"
TWO_STEPS = "Order:\n\n1. a\n   > A.\n2. b\n   > B.\n"
OTHER_IS_RIGHT = "How many?\n\n- [ ] 3\n  > No.\n- [x] other\n  > Yes.\n"


def quiz(body: str, name: str = "it", options: str = "") -> str:
    return f":::{{quiz}} {name}\n{options}{body}:::\n"


MALFORMED = {
    "no right answer": (quiz(GOOD.replace("[x]", "[ ]")), "exactly one answer must be right ([x]), not none"),
    "two right answers": (quiz(GOOD.replace("[ ]", "[x]")), "exactly one answer must be right ([x]), not 2"),
    "no explanation": (quiz(GOOD.replace("  > Not so.\n", "")), "answer 2 has no explanation"),
    "empty explanation": (quiz(GOOD.replace("> Not so.", ">")), "answer 2 has no explanation"),
    "no mark": (quiz(GOOD.replace("[ ] ", "")), "answer 2 does not start with [x] (right) or [ ] (wrong)"),
    "a mark alone": (quiz(GOOD.replace("[ ] no", "[ ]")), "answer 2 says nothing after its mark"),
    "one answer": (quiz("Why?\n\n- [x] yes\n  > So.\n"), "one answer is no choice"),
    "no list": (quiz("Why?\n"), "it must end with a bullet list of its answers"),
    "text after the list": (quiz(GOOD + "\nMore.\n"), "it must end with a bullet list of its answers"),
    "no question": (quiz(GOOD.replace("Why?\n\n", "")), "it asks no question before its answers"),
    "unknown kind": (quiz(GOOD, options=":kind: riddle\n"), f"there is no kind 'riddle'; there are: {KINDS}"),
    "unknown option": (quiz(GOOD, options=":points: 3\n"), "points"),
    "bad id": (quiz(GOOD, name="My_Quiz"), "an id has small letters, digits and single hyphens only"),
    "same id twice": (quiz(GOOD) + "\n" + quiz(GOOD), "there is another quiz with the id 'it' on this page"),
    "a unit on a choice": (quiz(GOOD, options=":unit: m\n"), "a unit belongs to the kind 'number' only"),
    "bullets for an order": (quiz(GOOD, options=":kind: order\n"), "it must end with a numbered list of its answers"),
    "two steps": (quiz(TWO_STEPS, options=":kind: order\n"), "an order has 3 to 7 steps, not 2"),
    "a step without a reason": (ORDER.replace("   > It needs deviations.\n", ""), "step 2 has no explanation"),
    "no other number": (NUMBER.replace(OTHER, ""), OTHER_LAST),
    "other is right": (quiz(OTHER_IS_RIGHT, options=":kind: number\n"), OTHER_LAST),
    "no number": (NUMBER.replace("600 ± 0.5", "six hundred"), "'six hundred' is no number like 600"),
    "numbers that overlap": (NUMBER.replace("750 ± 0.5", "601 ± 0.5"), "a number may be both answer 1 and answer 2"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_quiz_breaks_the_build_with_its_place(tmp_path, name):
    text, says = MALFORMED[name]
    done = build(tmp_path, {"index": f"# Title\n\nText.\n\n{text}"})
    assert done.returncode != 0
    line = 5 if name != "same id twice" else 5 + text.split("\n\n:::").pop(0).count("\n") + 2
    found = [report for report in done.stderr.splitlines() if says in report]
    assert found and f"index.md:{line}:" in found[0], done.stderr


def test_the_same_id_on_two_pages_is_two_quizzes(tmp_path):
    index = "# Title\n\n```{toctree}\none\ntwo\n```\n"
    pages = {"index": index, "one": f"# One\n\n{CHOICE}", "two": f"# Two\n\n{CHOICE}"}
    done = build(tmp_path, pages)
    assert done.returncode == 0, done.stderr


def test_scripts_name_no_other_host():
    for folder in ("_quiz", "_progress"):
        for path in (ROOT / "book" / folder).iterdir():
            text = path.read_text()
            assert "://" not in text and "import(" not in text and "@import" not in text, path.name


def test_the_right_answer_is_not_always_in_the_same_place():
    places = []
    for page in (ROOT / "book").glob("*.md"):
        for body in re.findall(r"^:{3,}\{quiz\}(.*?)^:{3,}$", page.read_text(), re.DOTALL | re.MULTILINE):
            marks = re.findall(r"^- \[([ x])\]", body, re.MULTILINE)
            if marks and ":kind: number" not in body:
                places.append(marks.index("x"))
    assert len(places) >= 12
    counts = {f"place {place + 1}": places.count(place) for place in sorted(set(places))}
    assert max(counts.values()) <= 0.5 * len(places), counts
