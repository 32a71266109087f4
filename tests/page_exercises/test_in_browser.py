"""The exercises in a browser, with the real Pyodide over HTTP on loopback: written, run, stopped, kept and reset."""

import textwrap

import pytest
from selenium.webdriver.common.keys import Keys

from ..browser import until
from .answers import ANSWERS
from .chapters import ROOT, exercises
from .conftest import served, with_python

RIGHT = {name: next(body for body, says in bodies.items() if says == "passed") for name, bodies in ANSWERS.items()}
AXE = (ROOT / "tests" / "site" / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
FOR_EVER = "while True: pass"


class Page:
    """One exercise after the other on a page, worked as a reader does."""

    def __init__(self, driver, address: str) -> None:
        self.driver, self.address = driver, address
        driver.get(address)

    def one(self, name: str, part: str):
        return self.driver.find_element("css selector", f"#exercise-{name} {part}")

    def write(self, name: str, body: str) -> None:
        """Put the body into the stub, as pasted."""
        code = exercises()[name].code
        code = f"{code[: code.rindex(chr(34) * 3) + 3]}\n{textwrap.indent(body, '    ')}\n"
        self.paste(name, code)

    def paste(self, name: str, code: str) -> None:
        self.driver.execute_script(
            "arguments[0].focus(); arguments[0].select(); document.execCommand('insertText', false, arguments[1])",
            self.one(name, "textarea"), code,
        )

    def code(self, name: str) -> str:
        return self.one(name, "textarea").get_property("value")

    def press(self, name: str, button: str) -> None:
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one(name, f".exercise-{button}"))
        self.one(name, f".exercise-{button}").click()

    def verdict(self, name: str, seconds: float = 60) -> str:
        """What is said once nothing runs any more."""
        until(lambda: self.one(name, ".exercise-run").is_displayed(), f"{name} is done", seconds)
        return self.one(name, ".exercise-verdict").text

    def run(self, name: str, body: str | None = None) -> str:
        if body is not None:
            self.write(name, body)
        self.press(name, "run")
        return self.verdict(name)

    def kept(self, name: str) -> dict:
        return self.driver.execute_script("return courseProgress.read('exercise', '1_z_scores', arguments[0])", name)

    def forget(self) -> None:
        self.driver.execute_script("courseProgress.clear()")
        self.driver.get("about:blank")
        self.driver.get(self.address)


@pytest.fixture(scope="module")
def host(local_site):
    with served(local_site) as (address, asked):
        yield address, asked


@pytest.fixture(scope="module")
def loaded(driver, host) -> Page:
    """A page whose Python is loaded: it stays so between the tests, as loading takes most of the time."""
    page = Page(driver, f"{host[0]}/1_z_scores.html")
    assert [path for path in host[1] if "pyodide" in path] == []  # nothing before it is asked for
    assert page.run("marks_again").startswith("Not written yet.")
    assert [path for path in host[1] if "pyodide.asm.wasm" in path]
    return page


@pytest.mark.parametrize("name", exercises())
def test_a_right_answer_passes_and_is_recorded(loaded, name):
    assert loaded.run(name).startswith("Not written yet.")
    assert not (loaded.kept(name) or {}).get("passed")
    said = loaded.run(name, RIGHT[name])
    assert said.startswith("✓ Passed.") or said.startswith("Passed."), said
    assert loaded.kept(name)["passed"] is True and loaded.kept(name)["code"] == loaded.code(name)
    assert "passed" in loaded.one(name, ".exercise-heading").text


def test_wrong_answers_get_their_hints(loaded):
    for name in ("below_best", "variance_far_away", "seeing_dy"):
        for body, says in ANSWERS[name].items():
            if says not in ("passed", "unwritten"):
                assert says in loaded.run(name, body)
        assert loaded.kept(name)["passed"] is True  # what once passed stays so


def test_what_the_code_prints_and_where_it_stops(loaded):
    name = "marks_again"
    loaded.write(name, "print('z is', z)\nreturn z * std + mean\n\nmarks_again(np.ones(1), 2, 3)")
    loaded.paste(name, loaded.code(name) + "\nmarks_again(np.ones(1), 2, 3)")
    loaded.run(name)
    assert loaded.one(name, ".exercise-printed").text.split("\n")[:2] == ["z is [1.]", "array([5.])"]
    loaded.paste(name, "import numpy as np\nnp.ones(2) + np.ones(3)")
    assert "line 2, in your code\nValueError: operands could not be broadcast" in loaded.run(name)
    loaded.paste(name, "def marks_again(:\n    pass")
    assert "SyntaxError" in loaded.run(name)
    loaded.paste(name, "import numpy as np")
    assert "'marks_again' is not defined" in loaded.run(name)  # nothing is left from the run before
    loaded.paste(name, "raise SystemExit(3)")
    assert "SystemExit: 3" in loaded.run(name)


def test_an_endless_loop_is_stopped_and_the_next_run_works(loaded):
    loaded.write("marks_again", f"print('<b>on and on</b>')\n{FOR_EVER}")
    assert "a loop that never ends" in loaded.run("marks_again")
    assert loaded.one("marks_again", ".exercise-printed").text == "<b>on and on</b>"
    assert FOR_EVER in loaded.code("marks_again") and FOR_EVER in loaded.kept("marks_again")["code"]
    assert "Passed." in loaded.run("marks_again", RIGHT["marks_again"])


def test_the_button_stops_a_run_and_others_wait_meanwhile(loaded):
    loaded.write("without_two", "while True: print('x' * 100)")
    loaded.press("without_two", "run")
    until(lambda: "more: the rest is not shown" in loaded.one("without_two", ".exercise-printed").text, "a flood is cut off", 9)
    loaded.press("below_best", "run")
    assert "without_two is still running" in loaded.verdict("below_best")
    loaded.press("without_two", "stop")
    assert "Stopped. Your code is kept." in loaded.verdict("without_two")
    assert loaded.one("without_two", ".exercise-run") == loaded.driver.switch_to.active_element


def test_a_worker_that_breaks_loses_nothing(loaded):
    said = loaded.run("slope_at", "import ctypes\nctypes.string_at(0xFFFFFFF0, 8)")  # reads beyond the memory
    assert "Python broke down. Your code is kept" in said
    assert "string_at" in loaded.code("slope_at") and "string_at" in loaded.kept("slope_at")["code"]
    assert "Passed." in loaded.run("slope_at", RIGHT["slope_at"])


def test_axe_finds_no_fault_after_runs(loaded):
    for name, body in {"marks_again": "print(z)\nreturn z", "below_best": RIGHT["below_best"], "slope_at": "return 1 / 0"}.items():
        loaded.run(name, body)
    loaded.paste("without_two", "nonsense")
    loaded.run("without_two")
    loaded.driver.execute_script(AXE)
    found = loaded.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run('.page-exercise', {resultTypes: ['violations']}).then((found) => done(found.violations.flatMap("
        "(v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}`))), (error) => done([String(error)]))"
    )
    assert found == []


# Without Python: these need no Pyodide, and run where there is none.


@pytest.fixture
def page(driver, site):
    with served(site) as (address, _):
        yield Page(driver, f"{address}/1_z_scores.html")


def test_a_reload_keeps_the_code_and_reset_restores_it(page):
    stub = page.code("below_best")
    assert stub == exercises()["below_best"].code
    page.write("below_best", "return 'kept'")
    page.driver.refresh()
    assert "return 'kept'" in page.code("below_best") and page.code("marks_again") == exercises()["marks_again"].code
    page.press("below_best", "reset")
    assert page.code("below_best") == stub == page.kept("below_best")["code"]
    page.driver.switch_to.active_element.send_keys(Keys.CONTROL, "z")
    assert "return 'kept'" in page.code("below_best")


def test_typing_in_the_editor(page):
    area = page.one("below_best", "textarea")
    page.paste("below_best", "")
    area.send_keys("def f(x):", Keys.ENTER, "if x:", Keys.ENTER, "return 1", Keys.ENTER, Keys.BACKSPACE, Keys.BACKSPACE, "y")
    assert page.code("below_best") == "def f(x):\n    if x:\n        return 1\ny"
    area.send_keys(Keys.HOME, Keys.TAB, Keys.SHIFT, Keys.TAB, Keys.NULL, "#")
    assert page.code("below_best").endswith("\n#y")
    shown = page.one("below_best", ".exercise-paint").get_property("textContent")
    assert shown == page.code("below_best") + "\n"
    area.send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element == area
    area.send_keys(Keys.ESCAPE, Keys.TAB)
    assert page.driver.switch_to.active_element == page.one("below_best", ".exercise-run")


def test_tab_passes_through_an_editor_in_which_nobody_writes(page):
    stub = page.code("below_best")
    area = page.one("below_best", "textarea")
    page.driver.execute_script("arguments[0].focus()", area)
    area.send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element == page.one("below_best", ".exercise-run")
    area.click()
    area.send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element == area and page.code("below_best") != stub


def test_a_long_line_is_not_cut_off(page):
    page.paste("below_best", "total = " + " + ".join(f"mark_{i}" for i in range(40)))
    page.one("below_best", "textarea").send_keys(" + 1")
    editor = page.one("below_best", ".exercise-editor")
    wide, room, moved = page.driver.execute_script("const e = arguments[0]; return [e.scrollWidth, e.clientWidth, e.scrollLeft]", editor)
    assert wide > 2 * room and moved > room  # the end, where the caret is, is in sight


def test_without_a_connection_it_says_so_and_keeps_the_code(driver, site):
    with served(site) as (address, _):
        page = Page(driver, f"{address}/{with_python(site, 'offline.html', 'http://127.0.0.1:9/')}")
        assert "from 127.0.0.1:9;" in page.one("marks_again", ".exercise-note").text
        said = page.run("marks_again", "return 'mine'")
        assert "could not be loaded" in said and "connection to 127.0.0.1:9" in said
        assert "'mine'" in page.code("marks_again")


def test_from_a_file_it_says_what_to_do(driver, site):
    page = Page(driver, (site / with_python(site, "file.html", "_static/pyodide/")).as_uri())
    said = page.run("marks_again")
    assert "python -m http.server" in said and "JupyterLab" in said


def test_from_a_file_python_comes_from_another_host(driver, site, python):
    with served(python) as (address, _):
        page = Page(driver, (site / with_python(site, "elsewhere.html", f"{address}/")).as_uri())
        assert "Passed." in page.run("marks_again", RIGHT["marks_again"])


def test_nothing_is_asked_for_before_run(driver, site):
    with served(site) as (address, asked):
        page = Page(driver, f"{address}/1_z_scores.html")
        note = page.one("marks_again", ".exercise-note").text
        assert "from cdn.jsdelivr.net; nothing is loaded before" in note
        page.one("marks_again", "textarea").click()
        addresses = driver.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert addresses and all(name.startswith(address) for name in addresses)


def test_on_paper_and_without_a_script_the_code_is_read(driver, site):
    cdp = driver.execute_cdp_cmd
    try:
        cdp("Emulation.setScriptExecutionDisabled", {"value": True})
        driver.get((site / "1_z_scores.html").as_uri())
        assert "def below_best(table):" in driver.find_element("css selector", "#exercise-below_best").text
        cdp("Emulation.setScriptExecutionDisabled", {"value": False})
        cdp("Emulation.setEmulatedMedia", {"media": "print"})
        driver.get((site / "1_z_scores.html").as_uri())
        printed = driver.find_element("css selector", "#exercise-below_best").text
        assert "def below_best(table):" in printed and "Run and check" not in printed and "elsewhere" not in printed
    finally:
        cdp("Emulation.setScriptExecutionDisabled", {"value": False})
        cdp("Emulation.setEmulatedMedia", {"media": ""})
