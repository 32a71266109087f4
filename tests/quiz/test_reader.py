"""Quizzes and the page of progress, used with the keyboard alone."""

import json

import pytest

from ..browser import until
from .conftest import PAGES, ROOT, build

AXE = (ROOT / "tests" / "site" / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
ENTER, SPACE, UP, DOWN, BACKSPACE, ESCAPE = "\ue007", " ", "\ue013", "\ue015", "\ue003", "\ue00c"
DIVISOR, STEPS, AXIS, VARIANCE = "#quiz-one-divisor", "#quiz-one-steps", "#quiz-two-axis", "#quiz-two-variance"


def kept(reader) -> list[dict]:
    return reader.js("return courseProgress.all()")


def axe(reader) -> list[str]:
    """What axe-core finds fault with in the content, colours aside: this small site has another theme."""
    reader.js(AXE)
    return reader.driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        axe.run("[role=main]", {preload: false, rules: {"color-contrast": {enabled: false}}}).then((found) =>
          done(found.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" "))));
    """)


def choose(reader, quiz: str, downs: int) -> None:
    """From before the quiz: into its radio buttons, that many down, and check."""
    reader.start_of(quiz)
    reader.tab_to(reader.all(f"{quiz} input")[0].accessible_name)
    reader.press(SPACE, *[DOWN] * downs, ENTER)


# Choice


def test_a_choice_answers_every_choice_with_its_own_reason(reader):
    reader.open("one")
    assert reader.one(f"{DIVISOR} legend").text == "Quiz 1 · Choose one"
    choose(reader, DIVISOR, 0)
    assert reader.feedback(DIVISOR) == "✗ Not this. That estimates a population."
    reader.press(DOWN)
    assert reader.feedback(DIVISOR) == ""  # it spoke of another answer
    reader.press(ENTER)
    assert reader.feedback(DIVISOR) == "✓ Right. The features are all there is. It is the biased variance."
    reader.press(DOWN, ENTER)
    assert reader.feedback(DIVISOR) == "✗ Not this. A mean over B looks at other tokens."


def test_check_without_an_answer_asks_for_one_and_counts_nothing(reader):
    reader.open("one")
    reader.start_of(DIVISOR)
    reader.tab_to("Check")
    reader.press(ENTER)
    assert reader.feedback(DIVISOR) == "Choose an answer first."
    assert kept(reader) == []


def test_the_question_describes_the_group_and_names_are_readable(reader):
    reader.open("one")
    question = reader.one(f"{DIVISOR} fieldset").get_attribute("aria-describedby")
    assert reader.one(f"#{question}").text == "What does LayerNorm divide the sum of squares by?"
    assert [node.accessible_name for node in reader.all(f"{DIVISOR} input")] == ["d−1", "d", "the batch size"]


def test_all_reasons_can_be_shown_after_an_answer(reader):
    reader.open("two")
    assert not reader.one(f"{AXIS} .quiz-more").is_displayed()
    choose(reader, AXIS, 2)
    assert [why.is_displayed() for why in reader.all(f"{AXIS} li .quiz-why")] == [False] * 3
    assert reader.tab_to("Explain all answers").get_attribute("aria-expanded") == "false"
    reader.press(ENTER)
    assert reader.focused.get_attribute("aria-expanded") == "true"
    assert [why.text for why in reader.all(f"{AXIS} li .quiz-why")] == [
        "Not this. Its rows keep their means.",
        "Not this. That takes one mean for all.",
        "Right. The axis named is the one that disappears.",
    ]
    reader.press(ENTER)
    assert not any(why.is_displayed() for why in reader.all(f"{AXIS} li .quiz-why"))


# Order


def steps(reader) -> list[str]:
    return [node.text.strip() for node in reader.all(f"{STEPS} .quiz-step .quiz-label")]


RIGHT_ORDER = ["subtract the mean", "square", "average", "take the root"]


def sort_steps(reader, wanted: list[str]) -> None:
    reader.start_of(STEPS)
    for place, name in enumerate(wanted):
        ups = steps(reader).index(name) - place
        if ups:
            reader.start_of(STEPS)
            button = reader.tab_to(f"Move up: {name}")
            for _ in range(ups):
                reader.press(SPACE)
                assert reader.focused == button  # the focus goes with the step
    assert steps(reader) == wanted


def test_steps_are_put_in_order_by_buttons(reader):
    reader.open("one")
    assert steps(reader) != RIGHT_ORDER and sorted(steps(reader)) == sorted(RIGHT_ORDER)
    sort_steps(reader, ["square", "subtract the mean", "average", "take the root"])
    assert reader.one(f"{STEPS} .quiz-hidden").get_attribute("textContent").endswith(" of 4")
    reader.tab_to("Check")
    reader.press(ENTER)
    assert reader.feedback(STEPS) == "✗ Step 1 is not yet “square”. It needs deviations."
    sort_steps(reader, ["subtract the mean", "square", "take the root", "average"])
    assert reader.feedback(STEPS) == ""
    reader.tab_to("Check")
    reader.press(ENTER)
    wrong = "✗ Steps 1 to 2 are right. Step 3 is not yet “take the root”. It needs the variance, in"
    assert reader.feedback(STEPS).startswith(wrong)
    sort_steps(reader, RIGHT_ORDER)
    reader.tab_to("Check")
    reader.press(ENTER)
    assert reader.feedback(STEPS) == "✓ Right, every step is in its place."
    assert kept(reader)[0]["state"] == {"tries": 3, "first": False, "right": True, "answer": [0, 1, 2, 3]}


def test_a_step_at_the_end_moves_no_further_and_keeps_the_focus(reader):
    reader.open("one")
    before = steps(reader)
    reader.start_of(STEPS)
    button = reader.tab_to(f"Move up: {before[0]}")
    assert button.get_attribute("aria-disabled") == "true"
    reader.press(ENTER)
    assert steps(reader) == before and reader.focused == button


def test_down_moves_down_and_says_where(reader):
    reader.open("one")
    before = steps(reader)
    reader.start_of(STEPS)
    reader.tab_to(f"Move down: {before[0]}")
    reader.press(ENTER)
    assert steps(reader) == [before[1], before[0], *before[2:]]
    assert reader.one(f"{STEPS} .quiz-hidden").get_attribute("textContent") == f"{before[0]}: now step 2 of 4"


def test_the_order_can_be_shown_after_a_try(reader):
    reader.open("one")
    reader.start_of(STEPS)
    reader.tab_to("Check")
    reader.press(ENTER)
    reader.tab_to("Show the order, explained")
    reader.press(ENTER)
    assert steps(reader) == RIGHT_ORDER
    assert all(why.is_displayed() for why in reader.all(f"{STEPS} li .quiz-why"))


# Number


TYPED = {
    "600": "✓ Right. 3000 over five.",
    "600.4 marks²": "✓ Right. 3000 over five.",
    "6e2": "✓ Right. 3000 over five.",
    "3000/5": "✓ Right. 3000 over five.",
    "600,0": "✓ Right. 3000 over five.",
    "-1,200.5": "✗ Not this. That is negative.",
    "−1200.5": "✗ Not this. That is negative.",
    "6·10⁻⁵": "✗ Not this. That is tiny.",
    "6 x 10^-5": "✗ Not this. That is tiny.",
    "6e-5": "✗ Not this. That is tiny.",
    "60,000": "✗ Not this. A hundred times too much.",
    "750.5": "✗ Not this. You divided by",
    "601": "✗ Not this. Work through the four steps.",
    "10^2": "✗ Not this. Work through the four steps.",
    "six hundred": "Type a number first",
    "1/0": "Type a number first",
    "": "Type a number first",
}


def test_a_number_is_read_as_people_type_it_and_named_if_it_is_wrong(reader):
    reader.open("two")
    reader.start_of(VARIANCE)
    field = reader.tab_to("Your number in marks²")
    for typed, says in TYPED.items():
        reader.js("arguments[0].select()", field)
        reader.press(BACKSPACE, typed + ENTER)
        assert reader.feedback(VARIANCE).startswith(says), typed
        reader.press("0")
        assert reader.feedback(VARIANCE) == "", typed


# Kept


def test_answers_are_there_after_a_reload_and_the_first_try_counts(reader):
    reader.open("one")
    choose(reader, DIVISOR, 2)
    reader.open("one")
    assert reader.all(f"{DIVISOR} input")[2].is_selected()
    assert reader.feedback(DIVISOR) == "✗ Not this. A mean over B looks at other tokens."
    reader.start_of(DIVISOR)
    reader.tab_to("the batch size")
    reader.press(UP, ENTER)
    reader.open("one")
    assert reader.feedback(DIVISOR).startswith("✓ Right.")
    state = {"tries": 2, "first": False, "right": True, "answer": 1}
    assert kept(reader) == [{"kind": "quiz", "page": "one", "id": "divisor", "state": state}]

    sort_steps(reader, RIGHT_ORDER)
    reader.tab_to("Check")
    reader.press(ENTER)
    reader.open("two")
    reader.start_of(VARIANCE)
    reader.tab_to("Your number in marks²")
    reader.press("600" + ENTER)
    reader.open("two")
    assert reader.one(f"{VARIANCE} .quiz-number").get_attribute("value") == "600"
    assert reader.feedback(VARIANCE) == "✓ Right. 3000 over five."
    reader.open("one")
    assert steps(reader) == RIGHT_ORDER and reader.feedback(STEPS).startswith("✓")


NO_SUCH_ANSWER = '{"tries": 1, "right": false, "first": false, "answer": 99}'


@pytest.mark.parametrize("broken", ["no json", "7", "[]", NO_SUCH_ANSWER, '{"answer": null}'])
def test_a_broken_state_is_as_good_as_none(reader, broken):
    reader.open("one")
    for name in ("divisor", "steps"):
        reader.js("localStorage.setItem(arguments[0], arguments[1])", f"normalisation-course/1/quiz/one/{name}", broken)
    reader.open("one")
    assert reader.feedback(DIVISOR) == "" and reader.feedback(STEPS) == ""
    choose(reader, DIVISOR, 1)
    assert reader.feedback(DIVISOR).startswith("✓")


def test_without_storage_a_quiz_works_and_the_progress_page_says_so(reader):
    # Only the course's scripts are refused: Sphinx's own would fill the log with its errors.
    refuse = """
        const store = window.localStorage;
        Object.defineProperty(window, "localStorage", {get() {
          if (/_static.(progress|quiz)/.test(new Error().stack)) throw new DOMException("no", "SecurityError");
          return store;
        }});
    """
    added = reader.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": refuse})
    try:
        reader.open("one")
        choose(reader, DIVISOR, 1)
        assert reader.feedback(DIVISOR).startswith("✓") and len(kept(reader)) == 1
        reader.open("progress")
        assert "This browser keeps nothing for these pages" in reader.one(".progress-note").text
    finally:
        reader.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


# The page of progress


def answer_some(reader) -> None:
    """One chapter read; of four quizzes one right at once, one at the second try, one wrong."""
    reader.open("one")
    choose(reader, DIVISOR, 1)
    sort_steps(reader, ["square", "subtract the mean", "average", "take the root"])
    reader.tab_to("Check")
    reader.press(ENTER)
    sort_steps(reader, RIGHT_ORDER)
    reader.tab_to("Check")
    reader.press(ENTER)
    reader.tab_to("I have read this chapter")
    reader.press(ENTER)
    assert reader.focused.get_attribute("aria-pressed") == "true"
    reader.open("two")
    choose(reader, AXIS, 0)
    reader.open("progress")


SUMMARY = (
    "You have read {} of 2 chapters, answered {} of 4 quizzes, {} of them right at the first try, "
    "and passed 0 of 0 exercises in the pages."
)
TOO_WIDE = """
    const boxes = [...document.querySelectorAll(".quiz, .progress-overview")];
    return boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.id);
"""


def test_the_page_counts_what_was_done(reader):
    reader.open("progress")
    assert reader.one(".progress-summary").text == SUMMARY.format(0, 0, 0)
    answer_some(reader)
    assert reader.one(".progress-summary").text == SUMMARY.format(1, 3, 1)
    assert [cell.text for cell in reader.all("td[data-kind=read]")] == ["yes", "not yet"]
    assert [node.text for node in reader.all(".progress-count")] == [
        "2 of 2 answered, 1 right at the first try",
        "1 of 2 answered, 0 right at the first try",
    ]
    assert [link.accessible_name for link in reader.all("a.progress-entry")] == [
        "Quiz 1, Choose one: right at the first try",
        "Quiz 2, Put in order: right at a later try",
        "Quiz 1, Spot the fault: not right yet",
        "Quiz 2, Predict the number: not answered yet",
    ]
    reader.tab_to("Quiz 1, Spot the fault: not right yet")
    reader.press(ENTER)
    assert reader.js("return location.pathname.split('/').pop() + location.hash") == f"two.html{AXIS}"


def test_reading_can_be_taken_back(reader):
    reader.open("two")
    reader.tab_to("I have read this chapter")
    reader.press(ENTER)
    reader.open("two")
    assert reader.one(".progress-read").get_attribute("aria-pressed") == "true"
    reader.tab_to("I have read this chapter")
    reader.press(SPACE)
    assert reader.one(".progress-read").get_attribute("aria-pressed") == "false"
    assert kept(reader) == []


def test_clearing_asks_first(reader):
    answer_some(reader)
    reader.js("localStorage.setItem('somebody-else', '1')")
    reader.tab_to("Delete everything …")
    reader.press(ENTER)
    assert reader.focused.accessible_name == "Keep it"
    reader.press(ENTER)
    assert len(kept(reader)) == 4 and not reader.one("dialog").is_displayed()
    assert reader.focused.accessible_name == "Delete everything …"
    reader.press(ENTER)
    reader.press(ESCAPE)
    assert len(kept(reader)) == 4
    reader.press(ENTER)
    reader.tab_to("Delete")
    reader.press(ENTER)
    assert reader.one(".progress-said").text == "All progress was deleted."
    assert reader.one(".progress-summary").text == SUMMARY.format(0, 0, 0)
    assert reader.js("return Object.keys(localStorage)") == ["somebody-else"]
    reader.open("one")
    assert reader.feedback(DIVISOR) == "" and not any(node.is_selected() for node in reader.all(f"{DIVISOR} input"))


def test_progress_is_saved_to_a_file_and_restored_from_it(reader, tmp_path):
    answer_some(reader)
    before = kept(reader)
    reader.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    reader.tab_to("Save to a file")
    reader.press(ENTER)
    saved = tmp_path / "normalisation-course-progress.json"
    until(saved.exists, "the file is saved", 10)
    found = json.loads(saved.read_text())
    assert found["entries"] == before and len(before) == 4

    reader.js("courseProgress.clear()")
    reader.one(".progress-file").send_keys(str(saved))
    until(lambda: reader.one(".progress-said").text == "Restored 4 entries.", "the file is read", 5)
    assert kept(reader) == before
    assert reader.one(".progress-summary").text == SUMMARY.format(1, 3, 1)


@pytest.mark.parametrize("text", ["no json", "{}", '{"course": "another", "entries": []}'])
def test_another_file_changes_nothing(reader, tmp_path, text):
    answer_some(reader)
    before = kept(reader)
    other = tmp_path / "other.json"
    other.write_text(text)
    reader.one(".progress-file").send_keys(str(other))
    until(lambda: "nothing was changed" in reader.one(".progress-said").text, "the file is refused", 5)
    assert kept(reader) == before


def test_exercises_of_another_extension_are_counted(reader, tmp_path):
    more = """
def setup(app):
    import progress
    app.connect("doctree-read", lambda app, tree: app.env.docname == "one" and [
        progress.register(app.env, "one", "exercise", name, name, "quiz-one-steps") for name in ("z_scores", "stream")])
"""
    done = build(tmp_path, PAGES, more=more)
    assert done.returncode == 0, done.stderr
    reader.site = tmp_path / "html"
    reader.open("progress")
    reader.js("courseProgress.record('exercise', 'one', 'z_scores', {code: 'def', passed: true})")
    reader.js("courseProgress.record('exercise', 'one', 'stream', {code: 'def'})")
    assert reader.one(".progress-summary").text.endswith("and passed 1 of 2 exercises in the pages.")
    assert [link.accessible_name for link in reader.all("td[data-kind=exercise] a")] == [
        "Exercise 1, z_scores: passed", "Exercise 2, stream: not passed yet"]  # fmt: skip


# Without a script, on paper, on a phone


def test_without_a_script_everything_is_read(reader):
    reader.open("one", script=False)
    assert "Right. The features are all there is." in reader.one(DIVISOR).text
    assert "It averages squares." in reader.one(STEPS).text
    assert steps_written(reader) == RIGHT_ORDER
    reader.open("progress", script=False)
    assert "opened without JavaScript" in reader.one(".progress-without").text
    reader.open("index")


def steps_written(reader) -> list[str]:
    return [node.text.strip() for node in reader.all(f"{STEPS} li .quiz-label")]


def test_paper_shows_every_explanation_and_the_right_order(reader):
    reader.open("one", media="print")
    assert all(why.is_displayed() for why in reader.all(".quiz-why"))
    assert not any(node.is_displayed() for node in reader.all(".quiz :is(button, input)"))
    by_height = sorted(reader.all(f"{STEPS} .quiz-label"), key=lambda node: node.location["y"])
    assert [node.text.strip() for node in by_height] == RIGHT_ORDER
    reader.open("two", media="print")
    assert reader.one(VARIANCE).text.count("Not this.") == 5


@pytest.mark.parametrize("page", ["one", "two", "progress"])
def test_a_phone_is_wide_enough(reader, page):
    answer_some(reader)
    reader.open(page, 390)
    for more in reader.all(".quiz-more"):
        if more.is_displayed():
            more.click()
    assert reader.js(TOO_WIDE) == []
    targets = reader.all(".quiz :is(button, input[type=text], label.quiz-label), .progress-controls button")
    assert [node.accessible_name for node in targets if node.is_displayed() and node.size["height"] < 40] == []


@pytest.mark.parametrize("page", ["one", "two", "progress"])
def test_axe_finds_nothing_before_and_after_an_answer(reader, page):
    reader.open(page)
    assert axe(reader) == []
    answer_some(reader)
    reader.open(page)
    reader.js("document.querySelectorAll('.quiz-more:not([hidden])').forEach((button) => button.click())")
    assert axe(reader) == []
    reader.js("document.querySelector('dialog')?.showModal()")
    assert axe(reader) == []
