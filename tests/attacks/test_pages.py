"""What a submission wrote, opened in a real browser: no script runs, nothing is fetched, no link is an order."""

import json

import pytest
from nbgrader.api import Gradebook

from tests.attacks import scripts
from tests.attacks.rows import STEM
from tests.browser import chromium, jupyterlab, needs_browser, until

pytestmark = needs_browser
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
FAR = "fetched.example"
SHOWN = [row for row in scripts.ROWS if not row.refused]
IN_WORDS = [row for row in SHOWN if row.name.startswith("words_")]

# What could act in a part of a page: elements, attributes and addresses.
ACTIVE = """
const part = document.querySelector(arguments[0]);
const found = [...part.querySelectorAll("script, iframe, object, embed, form, base, link, meta, video, audio, details")];
for (const element of part.querySelectorAll("*"))
    for (const {name, value} of element.attributes)
        if ((name.startsWith("on") && element.closest(".rendered_html, main")) ||
            (["href", "src", "srcdoc", "action", "xlink:href"].includes(name) && /^\\s*(javascript|data:text|vbscript)/i.test(value)) ||
            (name === "src" && !value.startsWith("data:image/png;")))
            found.push(element);
return found.map(element => element.outerHTML);
"""

# What MathJax would read in a part of a page.
FORMULAS = """
const part = document.querySelector(arguments[0]).cloneNode(true);
for (const element of part.querySelectorAll("pre, code, textarea, script, style, .tex2jax_ignore")) element.remove();
return part.textContent;
"""
ORDERS = ("\\href", "\\class", "\\cssId", "\\style", "\\require", "\\mmlToken", "\\bbox")


@pytest.fixture(scope="module")
def driver():
    with chromium(NOWHERE, log="performance") as opened:
        yield opened


def fetched(driver) -> list[str]:
    """Return the addresses at FAR that the browser asked for since the last call, but for those that the page forbids."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = {e["params"]["requestId"]: e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    stopped = {e["params"]["requestId"] for e in events if e["method"] == "Network.loadingFailed" and e["params"].get("blockedReason") == "csp"}
    return [address for number, address in asked.items() if FAR in address and number not in stopped]


def owned(driver) -> bool:
    return driver.execute_script("return Boolean(window.owned)")


def assert_clean(driver, part: str) -> None:
    assert not owned(driver)
    assert not fetched(driver)
    assert driver.execute_script(ACTIVE, part) == []


def test_the_browser_would_notice(driver, tmp_path):
    """The same texts in a page that escapes nothing do run and do fetch."""
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><main>" + "\n".join(scripts.HTML[3:6]) + "</main>")
    driver.get(page.as_uri())
    until(lambda: owned(driver), "the script runs")
    assert fetched(driver)
    assert driver.execute_script(ACTIVE, "main")


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.name)
def test_feedback_is_only_read(row, batch, driver):
    page = batch.course.root / "grading" / "feedback" / row.student / STEM / f"{STEM}.html"
    driver.get(page.as_uri())
    source = json.loads((batch.course.root / "solutions" / STEM / f"{STEM}.ipynb").read_text(encoding="utf-8"))
    [title] = driver.find_elements("tag name", "h1")
    assert f"# {title.text}" == source["cells"][0]["source"][0].strip()
    assert_clean(driver, "main")


@pytest.fixture(scope="module")
def formgrader(batch, driver):
    """The address of Formgrader on the attacked course, and each student's page in it."""
    with Gradebook(f"sqlite:///{batch.course.root / 'grading' / 'gradebook.db'}") as gradebook:
        pages = {s.student.id: s.id for s in gradebook.notebook_submissions(STEM, STEM)}
    with jupyterlab(batch.course.root) as address:
        yield f"{address}/formgrader", pages


def open_submission(formgrader, driver, row) -> None:
    address, pages = formgrader
    driver.get(f"{address}/submissions/{pages[row.student]}")
    until(lambda: driver.find_elements("css selector", "#notebook-container .nbgrader_cell"), "the submission opens")


@pytest.mark.parametrize("row", [pytest.param(row, marks=[] if row in IN_WORDS else [pytest.mark.slow]) for row in SHOWN], ids=lambda row: row.name)
def test_formgrader_is_only_read(row, formgrader, driver):
    open_submission(formgrader, driver, row)
    assert_clean(driver, "#notebook-container")
    formulas = driver.execute_script(FORMULAS, "#notebook-container")
    assert not [order for order in ORDERS if order in formulas]
    if row in IN_WORDS:
        assert "a< b" in formulas and r"\frac{1}{n}" in formulas


def test_formgraders_lists_run_nothing(formgrader, driver):
    """The names of folders, the refused ones among them, stand in Formgrader's own lists."""
    address, _ = formgrader
    for page in (f"manage_submissions/{STEM}", f"gradebook/{STEM}/{STEM}", "manage_students"):
        driver.get(f"{address}/{page}")
        until(lambda: "atk_" in driver.find_element("tag name", "body").text or "Submission #" in driver.find_element("tag name", "body").text, page)
        assert not owned(driver) and not fetched(driver)
