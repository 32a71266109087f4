"""The course as its people use it: a student in JupyterLab, an instructor in Formgrader."""

import re
import shutil
import subprocess
import sys
import urllib.request

import nbformat
import pytest

from autograder import exercises
from tests import sample_class
from tests.browser import chromium, jupyterlab, needs_browser, until
from tests.conftest import ROOT

pytestmark = needs_browser
STEM = exercises.stems()[0]


def css(driver, selector: str) -> list:
    return driver.find_elements("css selector", selector)


def menu(driver, name: str, entry: str) -> None:
    label = f"//div[contains(@class, 'lm-MenuBar-itemLabel') and text()='{name}']"
    driver.find_element("xpath", label).click()
    until(lambda: [item for item in css(driver, ".lm-Menu-item") if item.text.startswith(entry)], entry)[0].click()


def validate(driver) -> str:
    """Press Validate and return what the dialogue says."""
    button = until(lambda: [b for b in css(driver, "jp-button, button") if "Validate" in (b.get_attribute("title") or "")], "Validate")
    button[0].click()
    return until(lambda: [d.text for d in css(driver, ".jp-Dialog") if "Validation Results" in d.text], "the results", 120)[0]


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    """A browser and JupyterLab on copies of the released folders, as students have them: each alone."""
    folder = tmp_path_factory.mktemp("students")
    for stem in exercises.stems():
        for kind, mistakes in (("fresh", None), ("solved", {}), ("wrong", {0: 0})):
            shutil.copytree(course.root / "notebooks" / stem, folder / kind / stem)
            path = folder / kind / stem / f"{stem}.ipynb"
            if mistakes is not None:
                notebook = nbformat.read(path, as_version=4)
                sample_class.solve(notebook, stem, mistakes=mistakes)
                nbformat.write(notebook, path)
    with jupyterlab(folder) as address, chromium() as driver:
        yield address, driver


def open_notebook(lab, kind: str, stem: str):
    address, driver = lab
    driver.get(f"{address}/lab/tree/{kind}/{stem}/{stem}.ipynb?reset")
    until(lambda: css(driver, ".jp-Notebook .jp-Cell"), "the notebook opens")
    until(lambda: "Idle" in driver.find_element("css selector", "#jp-main-statusbar").text, "the kernel is idle")
    return driver


def test_the_readmes_command_opens_the_notebook_with_the_book_in_reach(course, tmp_path):
    """Its root is the whole course, and it gives out the book, where the cards' links lead."""
    [line] = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(".venv/bin/jupyter lab")]
    opened, script = tmp_path / "opened", tmp_path / "browser.sh"
    script.write_text(f'#!/bin/sh\ncat "${{1#file:}}" > {opened}.part\nmv {opened}.part {opened}\n')
    script.chmod(0o755)
    command = [sys.executable, "-m", "jupyterlab", *line.split()[2:], "--allow-root", "--ServerApp.port=0", f"--browser={script} %s"]
    server = subprocess.Popen(command, cwd=course.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(opened.exists, "JupyterLab opens a browser", 60)
        address = re.search(r"http://\S+/lab/tree/[^?\"]+", opened.read_text())[0]
        assert address.endswith(f"/lab/tree/notebooks/{STEM}/{STEM}.ipynb")
        page = urllib.request.urlopen(address.partition("/lab/")[0] + "/static/index.html").read()
    finally:
        server.terminate()
        server.wait()
    assert page == (course.root / "_build" / "html" / "index.html").read_bytes()


def test_a_cards_link_opens_its_section_as_the_book_shows_it(course, tmp_path):
    shutil.copy(course.root / "lab_config.py", tmp_path)
    shutil.copytree(course.root / "notebooks" / STEM, tmp_path / "notebooks" / STEM)
    (tmp_path / "site" / "book").mkdir(parents=True)
    (tmp_path / "site" / "index.html").touch()
    (tmp_path / "site" / "style.css").write_text("h2 {margin-top: 5000px}")
    page = '<link rel="stylesheet" href="../style.css"><h2 id="four-steps">Four steps</h2>'
    (tmp_path / "site" / "book" / f"{STEM}.html").write_text(page)
    with jupyterlab(tmp_path, "--config=lab_config.py") as address, chromium() as driver:
        open_notebook((address, driver), "notebooks", STEM)
        menu(driver, "Run", "Run All Cells")
        link = until(lambda: css(driver, ".ncard a"), "a card with a link")[0]
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
        link.click()
        until(lambda: len(driver.window_handles) == 2, "the book opens in a tab of its own")
        driver.switch_to.window(driver.window_handles[1])
        until(lambda: driver.execute_script("return scrollY") > 2000, "the section, where the style sheet puts it")


@pytest.mark.parametrize("stem", exercises.stems())
def test_a_new_student_sees_what_to_do_next(lab, stem):
    driver = open_notebook(lab, "fresh", stem)
    menu(driver, "Run", "Run All Cells")
    cards = until(lambda: [c.text for c in css(driver, ".ncard")][1:], "a card of a check")
    # The clinic's cells hold code that runs and is wrong; all others ask for some.
    assert ("fails" if stem == "6_block_clinic" else "NotImplementedError") in cards[0]
    errors = css(driver, ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
    assert errors and all(len(error.text.splitlines()) <= 3 for error in errors), "a wall of traceback"


@pytest.mark.parametrize("stem", exercises.stems())
def test_a_solved_notebook_validates(lab, stem):
    assert "Success" in validate(open_notebook(lab, "solved", stem))


def test_a_wrong_answer_does_not_validate(lab):
    said = validate(open_notebook(lab, "wrong", STEM))
    assert "CheckFailed" in said and "Traceback" not in said


def test_formgraders_button_gives_the_commands_score(course):
    course.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_bela")
    before = course.scores()["sample_bela", STEM]
    with jupyterlab(course.root) as address, chromium() as driver:
        driver.get(f"{address}/formgrader/manage_submissions/{STEM}")
        row = until(lambda: [r for r in css(driver, "tbody tr") if "sample_bela" in r.text], "the row of a student")[0]
        row.find_element("css selector", ".autograde a").click()
        until(lambda: "Applying preprocessor: Judge" in driver.find_element("tag name", "body").text, "the log of the judge")
    assert course.scores()["sample_bela", STEM] == before
