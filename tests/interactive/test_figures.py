"""The figures, worked by keyboard, mouse and finger; each number shown is computed again with NumPy."""

import json
import sys
import time

import numpy as np
import pytest
import torch

from .conftest import DATA, FIGURES, ROOT, as_number

sys.path.insert(0, str(ROOT / "book"))
from experiments import token_bench  # noqa: E402
from experiments.mistaken_norms import mistaken, written_out  # noqa: E402
from experiments.norm_unit_cases import TOLERANCE  # noqa: E402

RIGHT, LEFT, UP, DOWN = "\ue014", "\ue012", "\ue013", "\ue015"
PAGE_UP, PAGE_DOWN, END, HOME, ENTER = "\ue00e", "\ue00f", "\ue010", "\ue011", "\ue007"


# Every figure


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("width", [390, 800])
def test_figure_replaces_the_body_without_errors(browser, site, name, width):
    browser.driver.get_log("browser")
    browser.open(site / f"{name}.html", width)
    assert browser.one(".ix-stage").is_displayed()
    assert not browser.one(".ix-body").is_displayed()
    assert browser.js("return document.documentElement.scrollWidth") <= width
    assert browser.js("const s = document.querySelector('.ix-stage'); return s.scrollWidth - s.clientWidth") == 0
    assert [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


CROWDED = """
const svg = document.querySelector(".ix-stage svg"), frame = svg.getBoundingClientRect();
const words = [...svg.querySelectorAll("text")].filter((node) => node.textContent).map((node) => [node.textContent, node.getBoundingClientRect()]);
const cut = words.filter(([, box]) => box.left < frame.left - 2 || box.right > frame.right + 2);
const touch = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 6;
const pairs = words.flatMap(([text, box], i) => words.slice(i + 1).filter(([, other]) => touch(box, other)).map(([other]) => `${text} over ${other}`));
return [...cut.map(([text]) => `cut off: ${text}`), ...pairs];
"""


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("width", [288, 358])  # what the book leaves a figure on a phone of 320 and of 390 pixels
def test_on_a_phone_no_word_is_cut_off_or_under_another(browser, site, name, width):
    browser.open(site / f"{name}.html", 390)
    wide_font = "font: 16px 'DejaVu Sans', Verdana, sans-serif"
    browser.js("document.querySelector('.interactive').style = `width: ${arguments[0]}px; ${arguments[1]}`", width, wide_font)
    time.sleep(0.2)  # the figure hears of its width with the next frame
    assert browser.one(".ix-stage").size["width"] == width
    faults = browser.js(CROWDED)
    for choice in browser.all(".ix-choice input"):
        browser.js("arguments[0].click()", choice)
        faults += [f"{choice.get_attribute('value')}: {fault}" for fault in browser.js(CROWDED)]
    assert not faults


@pytest.mark.parametrize("name", FIGURES)
def test_without_script_and_on_paper_the_body_is_read(browser, site, name):
    browser.open(site / f"{name}.html", script=False)
    assert browser.one(f"ix-{name}").text == f"In words: {name}."
    browser.open(site / f"{name}.html", media="print")
    assert browser.one(".ix-body").is_displayed()
    assert not browser.one(".ix-stage").is_displayed()


@pytest.mark.parametrize("name", FIGURES)
def test_everything_that_takes_the_focus_has_a_name(browser, site, name):
    browser.open(site / f"{name}.html")
    nodes = browser.all(".ix-stage :is(input, button, [tabindex='0'])")
    assert nodes and all(node.accessible_name for node in nodes)
    for node in browser.all("[role=slider]"):
        low, now, high = (float(node.get_attribute(f"aria-value{part}")) for part in ("min", "now", "max"))
        assert low <= now <= high and node.get_attribute("aria-valuetext")


def test_a_figure_that_fails_leaves_the_body(browser, site, tmp_path):
    page = (site / "scores.html").read_text().replace("_static/", f"{site.as_uri()}/_static/")
    broken = page.replace("</head>", "<script>delete window.ResizeObserver</script></head>")
    (tmp_path / "broken.html").write_text(broken)
    browser.open(tmp_path / "broken.html")
    assert browser.one(".ix-body").is_displayed() and not browser.all(".ix-stage")


def test_live_region_speaks_once_after_rest(browser, site):
    browser.open(site / "scores.html")
    browser.js("window.spoken = []; new MutationObserver(() => spoken.push(document.querySelector('.ix-live').textContent))"
               ".observe(document.querySelector('.ix-live'), {childList: true, characterData: true, subtree: true})")
    browser.keys('[data-handle$="A"]', *[RIGHT] * 8)
    time.sleep(1.3)
    spoken = browser.js("return spoken")
    assert spoken == [browser.text("state")] and "A’s mark of 28" in spoken[0]


def test_words_of_the_text_set_the_figure(browser, site):
    browser.open(site / "scores.html")
    phrase = browser.one("[data-figure]")
    assert phrase.text == "what a *gain* of −1.5 does"
    browser.keys("[data-figure] button", ENTER)
    assert list(scores_match(browser, -1.5, 0)) == [10, 20, 30, 40, 100]
    assert float(browser.one('input[aria-label^="γ"]').get_attribute("value")) == -1.5
    box = browser.js("const r = document.querySelector('.ix-stage svg').getBoundingClientRect(); return [r.top, r.bottom, innerHeight]")
    assert 0 <= box[0] and box[1] <= box[2]  # the figure has come into view
    time.sleep(1.3)
    assert browser.text("state") == browser.js("return document.querySelector('.ix-live').textContent")
    assert not browser.all(".ix-touched")
    browser.open(site / "scores.html", script=False)
    assert browser.one("[data-figure]").text == "what a *gain* of −1.5 does" and not browser.all("[data-figure] button")


# Scores


def scores_match(browser, gamma: float, beta: float) -> np.ndarray:
    marks = np.array(browser.row("markA markB markC markD markE"))
    z = (marks - marks.mean()) / marks.std() if marks.std() else np.zeros(5)
    assert browser.row("deviationA deviationB deviationC deviationD deviationE") == pytest.approx(marks - marks.mean(), abs=0.0051)
    assert browser.row("zA zB zC zD zE") == pytest.approx(z, abs=0.0051)
    assert browser.row("yA yB yC yD yE") == pytest.approx(gamma * z + beta, abs=0.0051)
    said = f"Mean {marks.mean():.2f}, variance {marks.var():.2f}, standard deviation σ = {marks.std():.2f}."
    assert browser.text("state").startswith(said)
    return marks


def test_scores_by_keyboard(browser, site):
    browser.open(site / "scores.html")
    assert list(scores_match(browser, 1, 0)) == [20, 50, 60, 80, 90]
    browser.keys('[data-handle$="E"]', PAGE_UP)
    browser.keys('[data-handle$="A"]', RIGHT, UP, LEFT)
    browser.keys('[data-handle$="B"]', HOME)
    assert list(scores_match(browser, 1, 0)) == [21, 0, 60, 80, 100]
    browser.keys('input[aria-label^="γ"]', *[LEFT] * 25)
    browser.keys('input[aria-label^="β"]', *[RIGHT] * 7)
    scores_match(browser, -1.5, 0.7)
    browser.keys(".ix-button", ENTER)
    assert list(scores_match(browser, 1, 0)) == [20, 50, 60, 80, 90]


def test_scores_at_the_mean(browser, site):
    browser.open(site / "scores.html")
    browser.keys('[data-handle$="C"]', RIGHT, LEFT)
    assert "C’s mark of 60 lies at the mean; with γ" in browser.text("state")


def test_scores_all_equal(browser, site):
    browser.open(site / "scores.html")
    for name in "ABCDE":
        browser.keys(f'[data-handle$="{name}"]', END)
    assert list(scores_match(browser, 1, 0)) == [100] * 5
    assert "z is 0 by definition" in browser.text("state")


@pytest.mark.parametrize("width", [390, 800])
def test_scores_by_pointer(browser, site, width):
    browser.open(site / "scores.html", width)
    place = "return document.querySelector(`[data-handle$='${arguments[0]}']`).getBoundingClientRect().x"
    unit = (browser.js(place, "E") - browser.js(place, "A")) / 70
    browser.drag('[data-handle$="A"]', 60)
    assert scores_match(browser, 1, 0)[0] == pytest.approx(20 + 60 / unit, abs=0.51)
    browser.drag('[data-handle$="C"]', -2000)
    assert scores_match(browser, 1, 0)[2] == 0


def test_finger_drags_a_handle_and_scrolls_beside_it(browser, site):
    browser.open(site / "scores.html", 390)
    browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        browser.swipe('[data-handle$="A"]', 80, 60)
        assert scores_match(browser, 1, 0)[0] > 30
        before = browser.js("return scrollY")
        browser.swipe("svg", 0, -150)  # its middle: no handle there
        assert browser.js("return scrollY") > before + 50
        assert list(scores_match(browser, 1, 0))[1:] == [50, 60, 80, 90]
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


# Cube

CUBE = np.array([
    [[-3, 0, 2, 5, 8, 12], [1, 4, -2, 3, 9, 6], [0, 2, -4, 7, 5, 8]],
    [[5, -1, 8, 10, 2, 6], [-6, 3, 1, 4, 0, 4], [2, 7, -3, 1, 9, 5]],
])


def cube_matches(browser, kind: str, b: int, t: int, f: int) -> None:
    half = slice(0, 3) if f < 3 else slice(3, 6)
    index = {"batch": np.s_[:, :, f], "layer": np.s_[b, t], "instance": np.s_[b, :, f], "group": np.s_[b, t, half], "rms": np.s_[b, t]}
    member = np.zeros(CUBE.shape, bool)
    member[index[kind]] = True
    shown = set(browser.js("return [...document.querySelectorAll('.ix-shared')].map((cell) => cell.dataset.cell)"))
    assert shown == {"".join(map(str, place)) for place in np.argwhere(member)}
    assert browser.js("return document.querySelector('.ix-cell[tabindex=\"0\"]').dataset.cell") == f"{b}{t}{f}"
    cells, x = CUBE[member], CUBE[b, t, f]
    assert browser.number("count") == cells.size
    if kind == "rms":
        square = (cells**2).mean()
        assert browser.number("square") == pytest.approx(square, abs=0.0051)
        assert browser.number("value") == pytest.approx(x / np.sqrt(square), abs=0.0051)
        assert browser.text("mean") == browser.text("variance") == "not used"
    else:
        assert browser.row("mean variance value") == pytest.approx([cells.mean(), cells.var(), (x - cells.mean()) / cells.std()], abs=0.0051)


@pytest.mark.parametrize("kind", ["batch", "layer", "instance", "group", "rms"])
def test_cube_by_keyboard(browser, site, kind):
    browser.open(site / "cube.html")
    browser.js("arguments[0].click()", browser.one(f'input[value="{kind}"]'))
    cube_matches(browser, kind, 0, 0, 2)
    place = [(RIGHT, (0, 0, 3)), (DOWN, (0, 1, 3)), (DOWN, (0, 2, 3)), (DOWN, (1, 0, 3)), (END, (1, 0, 5)), (RIGHT, (1, 0, 5)),
             (PAGE_UP, (0, 0, 5)), (UP, (0, 0, 5)), (HOME, (0, 0, 0)), (PAGE_DOWN, (1, 0, 0)), (LEFT, (1, 0, 0))]
    browser.keys(".ix-cell[tabindex='0']")
    for key, (b, t, f) in place:
        browser.press(key)
        cube_matches(browser, kind, b, t, f)
    name = browser.driver.switch_to.active_element.get_attribute("aria-label")
    assert name.startswith("Sequence 1, token 0, feature 0: 5. ") and " cells, mean" in name


@pytest.mark.parametrize("width", [390, 800])
def test_cube_by_pointer(browser, site, width):
    from selenium.webdriver.common.action_chains import ActionChains

    browser.open(site / "cube.html", width)
    browser.js("document.querySelector('svg').scrollIntoView({block: 'center'})")
    for place in ["003", "125", "020"]:
        ActionChains(browser.driver, duration=20).move_to_element(browser.one(f'[data-cell="{place}"] text')).perform()
        cube_matches(browser, "layer", *map(int, place))
    browser.one('[data-cell="111"] text').click()
    browser.one('input[value="batch"]').click()
    cube_matches(browser, "batch", 1, 1, 1)


# Geometry


def geometry_matches(browser, x=None, g=None) -> None:
    x = browser.row("x0 x1 x2") if x is None else x
    g = browser.row("g0 g1 g2") if g is None else g
    x, g = np.array(x, float), np.array(g, float)
    hat = (x - x.mean()) / x.std()
    dx = (g - g.mean() - hat * (g * hat).mean()) / x.std()
    parts = {"x": x, "c": x - x.mean(), "h": hat, "g": g, "m": np.full(3, g.mean()), "r": hat * (g * hat).mean(), "d": dx}
    for name, vector in parts.items():
        assert browser.row(f"{name}0 {name}1 {name}2") == pytest.approx(vector, abs=0.0051), name
    assert f"μ = {x.mean():.2f}, σ = {x.std():.2f}".replace("-", "−") in browser.text("state")


def test_geometry_by_keyboard(browser, site):
    browser.open(site / "geometry.html")
    geometry_matches(browser, [1.9, -1, 2.6], [0.9, 1.6, -0.4])
    browser.keys('input[aria-label^="x₂"]', *[RIGHT] * 15)
    browser.keys('input[aria-label^="g₁"]', *[LEFT] * 12)
    geometry_matches(browser, [1.9, 0.5, 2.6], [-0.3, 1.6, -0.4])
    browser.keys('input[aria-label^="x₁"]', HOME)
    geometry_matches(browser, [-3, 0.5, 2.6], [-0.3, 1.6, -0.4])
    view = browser.js("return document.querySelector('ix-geometry').view")
    browser.keys('[aria-label="Turn left"]', ENTER, UP, RIGHT, RIGHT)
    turned = browser.js("return document.querySelector('ix-geometry').view")
    assert turned == pytest.approx([view[0] - 15, view[1] + 15])
    geometry_matches(browser, [-3, 0.5, 2.6], [-0.3, 1.6, -0.4])


def test_geometry_equal_features(browser, site):
    browser.open(site / "geometry.html")
    for i in "₁₂₃":
        browser.keys(f'input[aria-label^="x{i}"]', END)
    assert "All three features are equal" in browser.text("state")
    assert browser.text("d0") == "–"


def test_geometry_moves_that_the_circle_does_not_answer(browser, site):
    browser.open(site / "geometry.html")
    hat, dx, sigma = (browser.row(f"{name}0 {name}1 {name}2") for name in "hdc")
    for name in ("Shift −", "Shift −", "Shift +", "Stretch"):
        browser.keys(f'[aria-label^="{name}"]', ENTER)
        assert browser.row("h0 h1 h2") == hat
    assert browser.row("c0 c1 c2") == pytest.approx(1.25 * np.array(sigma), abs=0.01)
    assert browser.row("d0 d1 d2") == pytest.approx(np.array(dx) / 1.25, abs=0.01)
    geometry_matches(browser, np.array([1.7, -1.2, 2.4]) + 0.25 * (np.array([1.7, -1.2, 2.4]) - 2.9 / 3), [0.9, 1.6, -0.4])
    for name in ("Stretch", "Shift +"):
        browser.keys(f'[aria-label^="{name}"]', *[ENTER] * 20)
        assert max(map(abs, browser.row("x0 x1 x2"))) == 3
        assert browser.row("h0 h1 h2") == hat
    browser.keys('[aria-label^="Shrink"]', *[ENTER] * 40)
    assert browser.row("h0 h1 h2") == hat


@pytest.mark.parametrize("width", [390, 800])
def test_geometry_by_pointer(browser, site, width):
    browser.open(site / "geometry.html", width)
    browser.keys('[aria-label^="Along 1"]', ENTER)
    browser.drag('[data-handle="x"]', 50, 30)
    x = np.array(browser.row("x0 x1 x2"))
    assert np.abs(x - [1.9, -1, 2.6]).max() > 0.3
    assert x.mean() == pytest.approx(3.5 / 3, abs=0.06)  # seen along 1 it moves in the plane
    geometry_matches(browser)
    browser.drag('[data-handle="g"]', -30, 10)
    assert browser.row("g0 g1 g2") != [0.9, 1.6, -0.4]
    geometry_matches(browser)


# Precision

DEVIATIONS = np.array([-1.54, -0.88, -0.44, 0.22, 0.88, 1.76])
OFFSETS = [step * 10**power for power in range(7) for step in (1, 2, 5)][:19]
EPS = [0, 1e-12, 1e-8, 1e-5, 1e-3, 0.1]


def precision_matches(browser, offset: int, dtype, eps: float) -> None:
    with np.errstate(all="ignore"):
        x = (offset + DEVIATIONS).astype(dtype)
        total = squares = deviations = dtype(0)
        for value in x:
            total, squares = total + value, squares + value * value
        mean = total / dtype(6)
        for value in x:
            deviations = deviations + (value - mean) * (value - mean)
        exact = x.astype(float)
        rows = [(exact.var(), np.sqrt(exact.var() + eps), None)]
        rows[0] = (*rows[0][:2], (exact[0] - exact.mean()) / rows[0][1])
        for variance in (squares / dtype(6) - mean * mean, deviations / dtype(6)):
            root = np.sqrt(variance + dtype(eps))
            rows.append((variance, root, (x[0] - mean) / root))
    for i, row in enumerate(rows):
        for name, value in zip("vsh", row, strict=True):
            value = float(value)
            digits = 6e-5 if 1e-3 <= abs(value) < 1e6 else 6e-3
            assert browser.number(f"{name}{i}") == pytest.approx(value, rel=digits, nan_ok=True), (offset, eps, name, i)
    assert browser.text("state").startswith(f"{dtype.__name__}, six numbers near {offset:,}.")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_precision_by_keyboard(browser, site, dtype):
    browser.open(site / "precision.html")
    browser.js("arguments[0].click()", browser.one(f'input[value="{dtype.__name__}"]'))
    browser.keys('[role="slider"]', HOME)
    for offset in OFFSETS:
        precision_matches(browser, offset, dtype, 1e-5)
        browser.press(RIGHT)
    browser.press(PAGE_DOWN, PAGE_DOWN)
    browser.keys('input[aria-label^="ε"]', HOME)
    for eps in EPS:
        precision_matches(browser, 10_000, dtype, eps)
        browser.press(RIGHT)


def test_precision_says_what_breaks(browser, site):
    browser.open(site / "precision.html")
    browser.js("document.querySelector('input[value=float64]').click()")
    assert "two passes 1.21 (15 digits right)" in browser.text("state")
    browser.js("document.querySelector('input[value=float32]').click()")
    browser.keys('[role="slider"]', RIGHT, RIGHT)
    assert "−4 (negative: its root is NaN)" in browser.text("state")
    browser.js("document.querySelector('input[value=float16]').click()")
    assert "Stored, all six are one and the same number" in browser.text("state")
    browser.keys('[role="slider"]', END)
    assert "beyond 65,504" in browser.text("state")
    browser.keys('[role="slider"]', HOME)
    browser.keys('input[aria-label^="ε"]', HOME, RIGHT, RIGHT)
    assert "counts as 0" in browser.text("state")


@pytest.mark.parametrize("width", [390, 800])
def test_precision_by_pointer(browser, site, width):
    browser.open(site / "precision.html", width)
    browser.drag('[role="slider"]', 2000)
    precision_matches(browser, 1_000_000, np.float32, 1e-5)
    browser.drag('[role="slider"]', -2000)
    precision_matches(browser, 1, np.float32, 1e-5)


# Depth


def result(name: str) -> dict:
    return json.loads((ROOT / "book" / "experiments" / "results" / f"{DATA[name]}.json").read_text())["result"]


def depth_matches(browser, placement: str, depth: int) -> None:
    cell = result("depth")["variants"][placement][str(depth)]
    for letter, values in (("v", cell["variances"]), ("g", cell["gradients"])):
        wanted = [values[0], values[(len(values) - 1) // 2], values[-1]]
        assert browser.row(" ".join(f"{letter}{i}" for i in range(3))) == pytest.approx(wanted, rel=6e-3), (placement, depth)
    assert f"{depth} blocks, untrained" in browser.text("state")
    first, last = cell["gradients"][0], cell["gradients"][-1]
    course = "stays about level" if max(first / last, last / first) < 1.15 else "falls" if first > last else "rises"
    assert course in browser.text("state")


def test_depth_by_keyboard(browser, site):
    browser.open(site / "depth.html")
    data = result("depth")
    for placement in data["variants"]:
        browser.js("arguments[0].click()", browser.one(f'input[value="{placement}"]'))
        browser.keys('input[type="range"]', HOME)
        for depth in data["depths"]:
            depth_matches(browser, placement, depth)
            browser.press(RIGHT)


def test_depth_draws_what_is_stored(browser, site):
    browser.open(site / "depth.html")
    browser.js("arguments[0].click()", browser.one('input[value="sandwich"]'))
    lines = [line.get_attribute("points").split() for line in browser.all("polyline.ix-line")]
    values = result("depth")["variants"]["sandwich"]["32"]
    assert [len(points) for points in lines] == [33, 32]
    rules = [float(rule.get_attribute("y1")) for rule in browser.all("line.ix-rule")]
    for points, wanted, top in ((lines[0], values["variances"], 0), (lines[1], values["gradients"], 5)):
        high, low = min(rules[top:top + 5]), max(rules[top:top + 5])  # 1000 and 0.1
        drawn = [10 ** (3 - 4 * (float(point.split(",")[1]) - high) / (low - high)) for point in points]
        assert drawn == pytest.approx(wanted, rel=1e-6)


def test_depth_marks_what_lies_beyond(browser, site):
    browser.open(site / "depth.html")
    assert not browser.all("path.ix-cross")
    browser.js("arguments[0].click()", browser.one('input[value="none"]'))
    assert len(browser.all("path.ix-cross")) > 10
    assert browser.number("v2") == pytest.approx(result("depth")["variants"]["none"]["32"]["variances"][-1], rel=6e-3)


# Learning rate


def pick(browser, legend: str, value) -> None:
    field = next(f for f in browser.all("fieldset") if f.find_element("css selector", "legend").text == legend)
    browser.js("arguments[0].click()", field.find_element("css selector", f'input[value="{value}"]'))


def rates_match(browser, placement: str, depth: int, warm_up: int, at: int) -> None:
    data = result("learning_rate")

    def final(rate, steps):
        return data["runs"][f"{depth} {placement} {rate:g} {steps}"]["final"]

    for i, rate in enumerate(data["rates"]):
        for name, steps in zip(("none", "warm"), data["warm_ups"], strict=True):
            value, shown = final(rate, steps), browser.text(f"{name}{i}")
            assert shown == "diverged" if value is None else as_number(shown) == pytest.approx(value, abs=0.0051)
    state, here = browser.text("state"), final(data["rates"][at], warm_up)
    assert f"{depth} blocks, learning rate {data['rates'][at]:g}, " in state
    assert ("no warm-up" in state) == (warm_up == 0)
    gain = 0 if here is None else data["unigram"] - here
    verdict = "It diverged" if here is None else "below what" if gain > 0.1 else "worse than" if gain < -0.1 else "learnt nothing"
    assert verdict in state
    finals = {rate: final(rate, warm_up) for rate in data["rates"] if final(rate, warm_up) is not None}
    if finals:
        assert any(state.endswith(f"here is {rate:g}.") for rate in finals if finals[rate] == min(finals.values()))


def test_learning_rate_by_keyboard(browser, site):
    browser.open(site / "learning_rate.html")
    data = result("learning_rate")
    for placement in data["placements"]:
        pick(browser, "Placement of the norm", placement)
        for depth in data["depths"]:
            pick(browser, "Blocks", depth)
            for warm_up in data["warm_ups"]:
                pick(browser, "Warm-up", warm_up)
                rates_match(browser, placement, depth, warm_up, 2)
    browser.keys('input[type="range"]', HOME)
    for at in range(len(data["rates"])):
        rates_match(browser, placement, depth, warm_up, at)
        browser.press(RIGHT)


def test_learning_rate_draws_what_is_stored(browser, site):
    browser.open(site / "learning_rate.html")
    pick(browser, "Placement of the norm", "pre")
    curve = result("learning_rate")["runs"]["6 pre 0.003 0"]["curve"]
    points = browser.all("polyline.ix-line")[0].get_attribute("points").split()
    rules = [float(rule.get_attribute("y1")) for rule in browser.all("line.ix-rule")][:4]  # 2, 3, 4 and 5 nats
    drawn = [2 + 3 * (rules[0] - float(point.split(",")[1])) / (rules[0] - rules[3]) for point in points]
    assert drawn == pytest.approx([min(value, 5) for value in curve], abs=1e-6)


# Lanes

ROW, NEXT = np.array([2, 4, 6, 8, 10, 3, 9, 6.0]), np.array([5, 1, 7, 4, 8, 2, 6.0])


def lanes_match(browser, n: int, shift: int, load: str, where: str) -> None:
    behind = {"bare": NEXT + shift, "mask": np.full(7, np.nan), "other": np.zeros(7)}[load][: 8 - n]
    lanes = np.concatenate([ROW[:n] + shift, behind])
    apart = lanes - lanes.sum() / n
    if where == "yes":
        apart[n:] = 0
    shown = [as_number(browser.text(name).replace("?", "nan")) for name in ("mean", "variance", "trueMean", "trueVariance")]
    wanted = [lanes.sum() / n, (apart**2).sum() / n, ROW[:n].mean() + shift, ROW[:n].var()]
    assert shown == pytest.approx(wanted, abs=0.0051, nan_ok=True), (n, shift, load, where)
    steps = browser.js("return [...document.querySelectorAll('.ix-code')].map(t => t.textContent)")
    assert len(steps) == (4 if where == "yes" else 3) and steps[-1] == "d * d"
    drawn = browser.js("return [...document.querySelectorAll('.ix-lane + text')].map(t => t.textContent)")
    assert [as_number(text.replace("?", "nan")) for text in drawn[:8]] == pytest.approx(lanes, nan_ok=True)
    assert [as_number(text.replace("?", "nan")) for text in drawn[-8:]] == pytest.approx(apart**2, abs=0.0051, nan_ok=True)
    state = browser.text("state")
    right = shown[:2] == shown[2:]
    if n == 8:
        assert "no surplus lane" in state
    elif right:
        assert "are right" in state or "can’t be seen" in state
    else:
        assert "is known" in state or "in place of" in state


def slide(browser, name: str, value: int) -> None:
    code = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    browser.js(code, browser.one(f'input[aria-label^="{name}"]'), value)


def test_lanes_by_keyboard(browser, site):
    browser.open(site / "lanes.html")
    lanes_match(browser, 5, 0, "other", "no")
    browser.keys('input[aria-label^="Features"]', RIGHT, RIGHT)
    lanes_match(browser, 7, 0, "other", "no")
    browser.keys('input[aria-label^="Shift"]', HOME, RIGHT)
    lanes_match(browser, 7, -5, "other", "no")
    browser.keys('input[value="other"]', LEFT)
    lanes_match(browser, 7, -5, "mask", "no")
    browser.keys('input[value="no"]', RIGHT)
    lanes_match(browser, 7, -5, "mask", "yes")


@pytest.mark.parametrize("load", ["bare", "mask", "other"])
@pytest.mark.parametrize("where", ["no", "yes"])
def test_lanes_in_every_state(browser, site, load, where):
    browser.open(site / "lanes.html")
    pick(browser, "The row is loaded by", load)
    pick(browser, "Between the subtraction and the square", where)
    for n in (1, 4, 7, 8):
        slide(browser, "Features", n)
        for shift in (-6, 0, 2):
            slide(browser, "Shift", shift)
            lanes_match(browser, n, shift, load, where)


def test_lanes_say_what_a_test_would_miss(browser, site):
    browser.open(site / "lanes.html")
    assert "108 too much, and a variance of 29.6 in place of 8" in browser.text("state")
    browser.keys('input[aria-label^="Shift"]', HOME)
    assert "The mean happens to be 0" in browser.text("state") and browser.number("variance") == 8
    assert len(browser.all(".ix-counts")) == 0
    pick(browser, "The row is loaded by", "bare")
    pick(browser, "Between the subtraction and the square", "yes")
    assert browser.text("state").endswith("For that tl.where comes too late.")
    assert len(browser.all(".ix-counts")) == 3  # -1, -5 and 1, in the first sum alone


# Attention

QKV = np.array([
    [[1, 0], [0, 1], [2, 1], [1, 2]], [[0, 1], [2, 0], [1, 1], [0, 2]], [[1, 0], [8, 2], [0, 4], [6, 6.0]],
])  # fmt: skip


def attended(mask: str, axis: str, scale: str, last: float) -> tuple[np.ndarray, np.ndarray]:
    q, k, v = QKV * np.array([1, 1, 1, last])[:, None]
    scores = q @ k.T / (np.sqrt(2) if scale == "yes" else 1)
    future = ~np.tri(4, dtype=bool)
    if mask == "before":
        scores[future] = -np.inf
    along = 1 if axis == "keys" else 0
    powers = np.exp(scores - scores.max(axis=along, keepdims=True))
    weights = powers / powers.sum(axis=along, keepdims=True)
    if mask == "after":
        weights[future] = 0
    return weights, weights @ v


@pytest.mark.parametrize("mask", ["before", "after", "none"])
@pytest.mark.parametrize("axis", ["keys", "queries"])
def test_attention_in_every_state(browser, site, mask, axis):
    browser.open(site / "attention.html")
    pick(browser, "The mask stands", mask)
    pick(browser, "The softmax runs along", axis)
    for scale in ("yes", "no"):
        pick(browser, "Divided by √dₕ", scale)
        for last in (-2, 1, 1.5):
            slide(browser, "The last word", last)
            weights, outputs = attended(mask, axis, scale, last)
            drawn = browser.js("return [...document.querySelectorAll('.ix-weight + text')].map(t => t.textContent)")
            assert list(map(as_number, drawn)) == pytest.approx(weights.ravel(), abs=0.0051)
            assert browser.row("sum0 sum1 sum2 sum3") == pytest.approx(weights.sum(axis=1), abs=0.0051)
            shown = [list(map(as_number, browser.text(f"out{i}").strip("()").split(","))) for i in range(4)]
            assert np.array(shown) == pytest.approx(outputs, abs=0.0051)
            moved = ~np.isclose(outputs, attended(mask, axis, scale, 1)[1]).all(axis=1)
            said = [browser.text(f"moved{i}") for i in range(4)]
            assert said == (["–"] * 4 if last == 1 else ["moved" if m else "as before" for m in moved])
            assert len(browser.all(".ix-moved")) == moved[:3].sum()
            assert ("leaking" in browser.text("state")) == bool(moved[:3].any())
    assert ("no row above it has noticed" in browser.text("state")) == (mask == "before" and axis == "keys")


def test_attention_by_keyboard(browser, site):
    browser.open(site / "attention.html")
    assert browser.text("state") == "Every row gives away 1. Take another last word: which rows above it notice?"
    browser.keys('input[value="before"]', RIGHT)
    browser.keys('input[aria-label^="The last word"]', RIGHT)
    assert browser.text("state").startswith("The rows give away") and "the outputs of cat, sat" in browser.text("state")


# Ward

CAUSES = {  # in the order of the letters: the knobs whose place in the chapter's table is right, the section
    "final-norm": ({"depth", "scale"}, "clinic-final-norm"),
    "padding": ({"width"}, "clinic-fusing"),
    "residual": ({"depth", "scale"}, "clinic-norm-on-residual"),
    "bfloat16": ({"offset"}, "clinic-bf16"),
    "merge": ({"heads", "token"}, "clinic-transpose"),
    "remembered": ({"mode"}, "clinic-eval-statistics"),
    "one-pass": ({"offset"}, "clinic-one-pass"),
}


def guess(browser, place: str) -> None:
    code = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
    browser.js(code, browser.one("ix-ward select"), place)


def in_table(value: float | None) -> str | object:
    """What the table may show for a stored value."""
    return "NaN" if value is None else "< 0.001" if 0 < abs(value) < 1e-3 else pytest.approx(value, rel=6e-3)


@pytest.mark.parametrize("patient", CAUSES)
def test_ward_shows_what_is_stored(browser, site, patient):
    browser.open(site / "ward.html")
    data = result("ward")
    stored = data["patients"][patient]
    low, high, step = stored["panel"]
    pick(browser, "Patient", patient)
    for knob, values in data["knobs"].items():
        pick(browser, "Knob", knob)
        rows = browser.js("return [...document.querySelectorAll('.ix-table tbody tr')].map(r => [...r.children].map(c => c.textContent))")
        heads = [row[0] for row in rows]
        assert heads == ["training" if value is None else f"{value:,}" for value in values]
        for i, name in ((1, "sound"), (2, "faulty")):
            wanted = list(map(in_table, stored[name][knob]))
            assert [row[i] if isinstance(value, str) else as_number(row[i]) for row, value in zip(rows, wanted, strict=True)] == wanted
        rules = [float(rule.get_attribute("y1")) for rule in browser.all("line.ix-rule")]
        assert len(rules) == round((high - low) / step) + 1
        lines = [line.get_attribute("points").split() for line in browser.all("polyline.ix-line")]
        for points, name in zip(lines, ("sound", "faulty"), strict=True):
            drawn = [low + (high - low) * (max(rules) - float(point.split(",")[1])) / (max(rules) - min(rules)) for point in points]
            inside = [high if value is None else min(max(value, low), high) for value in stored[name][knob]]
            assert drawn == pytest.approx(inside, abs=1e-6 * (high - low))
        assert len(browser.all("path.ix-cross")) == sum(value is None or value > high for value in stored["faulty"][knob])
        state = browser.text("state")
        assert ("shows itself" in state) == (knob in stored["shows"]) == ("looks healthy" not in state)


@pytest.mark.parametrize("patient", CAUSES)
def test_ward_judges_a_guess(browser, site, patient):
    browser.open(site / "ward.html")
    pick(browser, "Patient", patient)
    places, section = CAUSES[patient]
    shows = result("ward")["patients"][patient]["shows"]
    assert set(shows) & places
    offered = [option.get_attribute("value") for option in browser.all("ix-ward option")][1:]
    assert offered == ["depth", "scale", "heads", "token", "offset", "width", "mode", "step"]
    for place in offered:
        guess(browser, place)
        state = browser.text("state")
        assert ("Right. The cause: " in state) == (place in places)
        if place in places:
            assert browser.one(".ix-state a").get_attribute("href").endswith(f"#{section}")
        else:
            why = "So it does" if place in shows else "No knob here" if place in ("token", "step") else "looks healthy."
            assert why in state and not browser.all(".ix-state a")
    pick(browser, "Patient", next(name for name in CAUSES if name != patient))
    assert browser.one("ix-ward select").get_attribute("value") == "" and "cause" not in browser.text("state")


def test_ward_by_keyboard(browser, site):
    browser.open(site / "ward.html")
    assert browser.text("state").startswith("Here patient A shows itself: with 64 blocks the loss is")
    browser.keys('input[value="final-norm"]', RIGHT)
    assert "patient B looks healthy" in browser.text("state") and "mean of 2" in browser.text("report")
    browser.keys('input[value="depth"]', *[RIGHT] * 4)
    assert browser.text("state").startswith("Here patient B shows itself: at a width of 136")
    browser.keys("ix-ward select", *[DOWN] * 4)
    assert browser.text("state").endswith("No knob here turns that, and yet one of them brings this patient out.")
    browser.keys("ix-ward .ix-button", ENTER)
    assert "The cause: padded lanes count in the variance. See " in browser.text("state")
    time.sleep(1.3)
    assert browser.text("state") == browser.js("return document.querySelector('.ix-live').textContent")


# Bench

BENCH_KEYS = dict(zip(["eps", "other", "ddof", "onePass", "half", "meanLeft"], token_bench.MISTAKES, strict=True))
SPREADS = [step * 10.0**power for power in range(-7, 3) for step in (1.1, 3.3)] + [1100]
MEANS = [0] + [step * 10.0**power for power in range(-2, 4) for step in (1, 2, 5)] + [1e4]
WIDTHS = [4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 576, 768, 1024]
BENCH_EPS = [1e-12, 1e-6, 1e-5, 0.1]
STANDS = {"features": 384, "spread": 0.33, "mean": 0.05, "eps": 1e-12}  # what the figure begins with


def put_on_the_bench(browser, features: int, spread: float, mean: float, eps: float) -> None:
    for name, values, value in (("Spread", SPREADS, spread), ("Mean", MEANS, mean), ("Features", WIDTHS, features), ("ε", BENCH_EPS, eps)):
        slide(browser, name, int(np.argmin(np.abs(np.array(values) - value))))


def bench_matches(browser, mistake: str, features: int, spread: float, mean: float, eps: float) -> float:
    wrong = token_bench.MISTAKES[BENCH_KEYS[mistake]]
    x = token_bench.token(features, spread, mean)
    right, found = token_bench.normalise(x, eps, statistics="float64"), token_bench.normalise(x, **{"eps": eps} | wrong)
    for name, values in (("x", x), ("right", right), ("found", found)):
        shown = browser.row(f"{name}0 {name}1 {name}2")
        assert shown == pytest.approx([float(v) for v in values[:3]], rel=6e-3, nan_ok=True), (name, mistake, features, spread, mean, eps)
    error, state = token_bench.error(wrong, features, spread, mean, eps), browser.text("state")
    assert state.startswith(f"With “{BENCH_KEYS[mistake]}” the ")
    if error > 100:
        assert ("infinite or NaN" if np.isinf(error) else "relative error is above 100.") in state
    else:
        assert as_number(state.split("relative error is ")[1].split(". ")[0]) == pytest.approx(error, rel=6e-2)
    assert ("token notices" in state) == (error > TOLERANCE) != ("lets it pass" in state)
    has = [name for name, model in result("bench")["models"].items()
           if features == model["features"] and model["spread"][0] <= spread <= model["spread"][1] and mean <= model["mean"]]  # fmt: skip
    assert (f"{has[0]} has such tokens" if has else "Neither model has such tokens") in state
    return error


@pytest.mark.parametrize("mistake", BENCH_KEYS)
def test_bench_draws_what_python_computes(browser, site, mistake):
    browser.open(site / "bench.html")
    labels = browser.js("return [...document.querySelectorAll('fieldset:first-of-type label')].map(l => l.textContent)")
    assert labels == list(BENCH_KEYS.values())
    pick(browser, "Mistake of the norm", mistake)
    for eps in (1e-12, 1e-5, 0.1):
        for axis, values in (("spread", SPREADS), ("mean", MEANS), ("features", WIDTHS)):
            pick(browser, "What changes along the axis", axis)
            put_on_the_bench(browser, **STANDS | {"eps": eps})
            rules = [float(rule.get_attribute("y1")) for rule in browser.all("line.ix-rule")]
            low, high = rules[0], rules[-1]  # an error of 1e-8, and one of 100
            for line, wrong in ((".ix-line.ix-red", token_bench.MISTAKES[BENCH_KEYS[mistake]]), (".ix-ghost", {})):
                errors = [token_bench.error(wrong, **STANDS | {"eps": eps, axis: value}) for value in values]
                finite = [max(-9, min(2, np.log10(error))) for error in errors if np.isfinite(error)]
                points = browser.one(f"polyline{line}").get_attribute("points").split()
                drawn = [-8 + 10 * (low - float(point.split(",")[1])) / (low - high) for point in points]
                assert drawn == pytest.approx(finite, abs=1e-3), (axis, eps)
                if wrong:
                    assert len(browser.all(".ix-cross")) == len(errors) - len(finite)


@pytest.mark.parametrize("mistake", BENCH_KEYS)
def test_bench_in_many_states(browser, site, mistake):
    browser.open(site / "bench.html")
    pick(browser, "Mistake of the norm", mistake)
    worst = 0
    for features in (4, 576):
        for spread in (1.1e-7, 0.33, 33):
            for mean, eps in ((0, 0.1), (0.1, 1e-5), (10_000, 1e-12)):
                put_on_the_bench(browser, features, spread, mean, eps)
                worst = max(worst, bench_matches(browser, mistake, features, spread, mean, eps))
    assert worst > 0.1  # each has its corner


def test_bench_computes_what_pytorch_does():
    for name, wrong in token_bench.MISTAKES.items():
        keywords = wrong | ({"statistics": torch.float16} if "statistics" in wrong else {})
        for features, spread, mean, eps in ((4, 0.33, 0.05, 1e-12), (576, 33, 0.1, 1e-5), (384, 1.1e-5, 0, 1e-12), (768, 0.33, 0.5, 0.1)):
            x = torch.from_numpy(token_bench.token(features, spread, mean))
            truth = written_out("layer", torch.ones(features), None, eps, statistics=torch.float64)(x.double())
            found = mistaken(**keywords)("layer", torch.ones(features), None, eps)(x).double()
            error = float((found - truth).abs().max() / truth.abs().max())
            ours = token_bench.error(wrong, features, spread, mean, eps)
            assert ours == pytest.approx(error if np.isfinite(error) else np.inf, rel=0.1, abs=3e-7), (name, features, spread)


def test_bench_by_keyboard(browser, site):
    browser.open(site / "bench.html")
    bench_matches(browser, "eps", **STANDS)
    browser.keys('input[value="spread"]', RIGHT)
    browser.keys('[role="slider"]', END)
    bench_matches(browser, "eps", **STANDS | {"mean": 10_000})
    assert browser.one('input[aria-label^="Mean"]').get_attribute("aria-valuetext") == "10,000"
    browser.keys('input[value="eps"]', RIGHT, RIGHT)
    browser.keys('input[aria-label^="Features"]', HOME, RIGHT)
    browser.keys('input[value="mean"]', RIGHT)
    assert browser.one('[role="slider"]').get_attribute("aria-valuetext") == "6"
    browser.keys('[role="slider"]', PAGE_UP, LEFT)
    bench_matches(browser, "ddof", **STANDS | {"mean": 10_000, "features": 12})


def test_bench_says_where_the_models_are(browser, site):
    browser.open(site / "bench.html")
    models = result("bench")["models"]
    pick(browser, "What changes along the axis", "spread")
    ends = {float(tick.get_attribute("x1")) for tick in browser.all(".ix-axis line[y2='255']")}
    decade = (max(ends) - min(ends)) / 8  # from 1e-6 to 100
    for band, model in zip(browser.all(".ix-band"), models.values(), strict=True):
        x, wide = (float(band.get_attribute(name)) for name in ("x", "width"))
        found = [10 ** (-6 + (edge - min(ends)) / decade) for edge in (x + 3, x + wide - 3)]
        assert found == pytest.approx(model["spread"], rel=0.05)
    pick(browser, "Mistake of the norm", "half")
    put_on_the_bench(browser, **STANDS | {"features": 576, "spread": 33})
    assert browser.text("state").endswith("SmolLM2 has such tokens, and the whole model may show it.")


@pytest.mark.parametrize("width", [390, 800])
def test_bench_by_pointer(browser, site, width):
    browser.open(site / "bench.html", width)
    browser.drag('[role="slider"]', -2000)
    bench_matches(browser, "eps", **STANDS | {"spread": 1.1e-7})
    browser.drag('[role="slider"]', 2000)
    bench_matches(browser, "eps", **STANDS | {"spread": 1100})


# Forgets

SIX = np.array([1.5, -1, 2.5, -0.5, -0.5, 1])
IN_PLACE = {
    "layer": lambda x, eps: (x - x.mean()) / np.sqrt(x.var() + eps),
    "rms": lambda x, eps: x / np.sqrt((x**2).mean() + eps),
    "length": lambda x, eps: x / np.linalg.norm(x),
    "dyt": lambda x, eps: np.tanh(0.5 * x),
    "none": lambda x, eps: x,
}
UNCHANGED = {"loud": 1, "shift": 0, "scale": 1}


def changed_token(loud: float = 1, shift: float = 0, scale: float = 1) -> np.ndarray:
    return scale * (np.concatenate([SIX[:5], loud * SIX[5:]]) + shift)


def forgets_matches(browser, layer: str, **change: float) -> dict[str, str]:
    """Compare all that is shown with NumPy; return the verdicts."""

    def moves(x: np.ndarray, eps: float = 1e-5) -> float:
        before = IN_PLACE[layer](SIX, eps)
        return abs(IN_PLACE[layer](x, eps) - before).max() / abs(before).max()

    def shown(text: str) -> object:
        return 0 if text == "below 0.1 %" else as_number(text.removesuffix(" %")) / 100

    verdicts = {}
    for name, value in (UNCHANGED | change).items():
        move, verdict, alone = browser.text(f"{name}Moves"), browser.text(f"{name}Is"), changed_token(**{name: value})
        if value == UNCHANGED[name]:
            assert move == verdict == "–"
            continue
        verdicts[name] = verdict
        assert shown(move) == pytest.approx(moves(alone), rel=0.051, abs=0.001)
        seen = "noticed by ε only" if moves(alone, 0) < 1e-9 else "noticed"
        assert verdict == (seen if moves(alone) >= 0.001 else "forgotten"), (layer, name, value)
    token = changed_token(**change)
    outputs = {"Before": IN_PLACE[layer](SIX, 1e-5), "Now": IN_PLACE[layer](token, 1e-5)}
    for when, y in outputs.items():
        wanted = [y.mean(), np.sqrt((y**2).mean()), y[:5].std()]
        assert browser.row(f"mean{when} rms{when} spread{when}") == pytest.approx(wanted, abs=0.00051, rel=6e-4)
    state = browser.text("state")
    if verdicts:
        said = "below 0.1 %" if "No output moves" in state else state.split("Largest move: ")[1].split(" of ")[0]
        assert shown(said) == pytest.approx(moves(token), rel=0.051, abs=0.001)
        words = {"loud": "the loud feature", "shift": "the shift", "scale": "the scale"}
        assert all((what in state) == (name in verdicts) for name, what in words.items())
        assert (" notices " in state) == ("noticed" in verdicts.values())
        assert (" forgets " in state) == ("forgotten" in verdicts.values())
        assert ("were it not for ε" in state) == ("noticed by ε only" in verdicts.values())
    else:
        assert state.startswith("The token is as it was.")
    numbers = "return [...document.querySelectorAll('svg ' + arguments[0])].map(n => arguments[1].map(a => +n.getAttribute(a)))"
    rules = [y for (y,) in browser.js(numbers, ":is(.ix-rule, .ix-mean)", ["y1"])]
    labels = list(map(as_number, browser.js("return [...document.querySelectorAll('svg .ix-narrow')].map(t => t.textContent)")))
    now, was = (browser.js(numbers, bars, ["y", "height"]) for bars in (".ix-mark", ".ix-was"))
    for panel, values in enumerate([[SIX, token], list(outputs.values())]):
        top, zero, bottom = rules[3 * panel:][:3]
        limit = labels[3 * panel]
        assert labels[3 * panel:][:3] == [limit, 0, -limit] and limit >= abs(np.array(values)).max()
        for bars, wanted in zip((was, now), values, strict=True):
            high = wanted * (bottom - top) / (2 * limit)
            assert np.array(bars[6 * panel:][:6]) == pytest.approx(np.array([zero - np.maximum(high, 0), abs(high)]).T, abs=1e-6)
    return verdicts


def change_token(browser, **change: float) -> None:
    code = "const f = document.querySelector('ix-forgets'); for (const [k, v] of Object.entries(arguments[0])) f.become(k, v); f.update()"
    browser.js(code, UNCHANGED | change)


@pytest.mark.parametrize("layer", IN_PLACE)
def test_forgets_in_many_states(browser, site, layer):
    browser.open(site / "forgets.html")
    pick(browser, "In the norm’s place", layer)
    seen = {name: set() for name in UNCHANGED}
    for change in ({}, {"shift": -5}, {"shift": 1}, {"scale": 0.1}, {"scale": 100}, {"loud": 2}, {"loud": 100},
                   {"shift": 3, "scale": 10}, {"loud": 10, "shift": -2, "scale": 0.02}, {"loud": 100, "shift": 5, "scale": 100}):  # fmt: skip
        change_token(browser, **change)
        for name, verdict in forgets_matches(browser, layer, **change).items():
            seen[name].add(verdict)
    norm = layer in ("layer", "rms", "length")
    assert seen["loud"] == {"noticed"}
    assert seen["shift"] == ({"forgotten"} if layer == "layer" else {"noticed"})
    assert seen["scale"] == ({"forgotten"} | ({"noticed by ε only"} if layer != "length" else set()) if norm else {"noticed"})


def test_forgets_by_keyboard(browser, site):
    browser.open(site / "forgets.html")
    assert forgets_matches(browser, "layer") == {}
    browser.keys('input[aria-label^="Then add"]', *[RIGHT] * 3)
    assert forgets_matches(browser, "layer", shift=3) == {"shift": "forgotten"}
    browser.keys('input[value="layer"]', RIGHT)
    assert forgets_matches(browser, "rms", shift=3) == {"shift": "noticed"}
    browser.keys('input[aria-label^="Then add"]', *[LEFT] * 3)
    forgets_matches(browser, "rms")
    browser.keys('input[aria-label^="Then multiply"]', HOME)
    assert forgets_matches(browser, "rms", scale=0.01) == {"scale": "noticed by ε only"}
    browser.keys('input[aria-label^="Multiply the last"]', END)
    assert browser.one('input[aria-label^="Multiply the last"]').get_attribute("aria-valuetext") == "× 100"
    forgets_matches(browser, "rms", scale=0.01, loud=100)
    assert browser.one("svg").accessible_name.startswith("Six features. In: 0.015, −0.01, 0.025, −0.005, −0.005, 1. Out: 0.0367, ")


def test_forgets_computes_what_pytorch_does():
    from experiments.variants import DyT

    x = torch.from_numpy(changed_token(loud=5, shift=-2, scale=0.01))
    layers = {"layer": torch.nn.LayerNorm(6), "rms": torch.nn.RMSNorm(6, eps=1e-5), "dyt": DyT(6)}
    for name, layer in layers.items():
        assert layer.double()(x).detach().numpy() == pytest.approx(IN_PLACE[name](x.numpy(), 1e-5), rel=1e-9), name


# Prenorms

STREAM = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [-1, 1, 1, -1], [1, -1, -1, 1]])
HEAD = {
    "query": [[0, -0.5], [-1, 0.5], [0, 1], [-0.5, 1]], "key": [[0, 0.5], [-0.5, 0], [-0.5, -0.5], [0, 0.5]],
    "value": [[0.5, 0.5], [0, 0], [-1, 1], [0.5, -1]], "out": [[0.5, 0.5, 1, -1], [0, 1, 0, 0]],
}  # fmt: skip
FORMULAS = {"pre": "x\u00a0+\u00a0F(LN(x))", "res": "x\u00a0+\u00a0LN(F(x))"}


def one_head(x: np.ndarray, write: float) -> tuple[np.ndarray, np.ndarray]:
    """The last token's shares of attention and what F makes of it; the last matrix is multiplied by ``write``."""
    q, k, v = (x @ np.array(HEAD[name]) for name in ("query", "key", "value"))
    powers = np.exp((k - k[:1]) @ q[-1] / np.sqrt(2))
    shares = powers / powers.sum()
    return shares, shares @ v @ np.array(HEAD["out"]) * write


def two_networks(stream: float, write: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    def norm(x: np.ndarray) -> np.ndarray:
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)

    x = stream * STREAM
    shares, out = one_head(x, write)
    return {"pre": one_head(norm(x), write), "res": (shares, norm(out))}


def prenorms_match(browser, stream: float, write: float) -> None:
    """Compare sentence, table and bars with NumPy."""
    now, start = two_networks(stream, write), two_networks(1, 1)
    for key, (shares, added) in now.items():
        some = shares[shares > 0]
        wanted = [-(some * np.log(some)).sum(), np.sqrt((added**2).mean())]
        assert browser.row(f"{key}Entropy {key}Added") == pytest.approx(wanted, abs=0.0051)
        assert browser.number(f"{key}Part") == pytest.approx(wanted[1] / stream, abs=0.00051)
    state = browser.text("state")
    assert ("Who notices?" in state) == (stream == write == 1)
    most = now["res"][0].argmax()
    told = f"in {FORMULAS['res']} token {most + 1} now has {now['res'][0][most]:.2f} of the attention, not {start['res'][0][most]:.2f}."
    assert (told in state) == (stream != 1)
    pre, res = (np.sqrt((now[key][1] ** 2).mean()) for key in FORMULAS)
    told = f"{FORMULAS['pre']} adds {write:g} times as much, RMS {pre:.2f}; {FORMULAS['res']} adds RMS {res:.2f}, as before."
    assert (told in state) == (write != 1)
    numbers = "return [...document.querySelectorAll('svg ' + arguments[0])].map(n => arguments[1].map(a => +n.getAttribute(a)))"
    rules = [y for (y,) in browser.js(numbers, ":is(.ix-rule, .ix-mean)", ["y1"])]
    labels = list(map(as_number, browser.js("return [...document.querySelectorAll('svg .ix-narrow')].map(t => t.textContent)")))
    largest = max(abs(added).max() for states in (now, start) for _, added in states.values())
    for i, (name, what) in enumerate((name, what) for name in FORMULAS for what in (0, 1)):  # shares, then additions
        ticks = slice(5 * (i // 2) + 2 * what, 5 * (i // 2) + 2 + 3 * what)
        (high, *_, low), (top, *_, bottom) = labels[ticks], rules[ticks]
        assert (high, low) == (1, 0) if what == 0 else high == -low >= largest
        for bars, values in ((".ix-mark", now), (".ix-was", start)):
            unit = (bottom - top) / (high - low)
            tall, zero = values[name][what] * unit, top + high * unit
            drawn = np.array(browser.js(numbers, bars, ["y", "height"])[4 * i:][:4])
            assert drawn == pytest.approx(np.array([zero - np.maximum(tall, 0), abs(tall)]).T, abs=1e-6), (bars, name, what)


@pytest.mark.parametrize("stream", [1, 2, 4, 8, 16])
def test_prenorms_in_every_state(browser, site, stream):
    browser.open(site / "prenorms.html")
    browser.js("const f = document.querySelector('ix-prenorms'); f.become('stream', arguments[0]); f.update()", stream)
    for i, write in enumerate((0.1, 0.2, 0.5, 1, 2, 5, 10)):
        slide(browser, "Multiply the last matrix", i)
        prenorms_match(browser, stream, write)


def test_each_of_the_two_networks_is_deaf_to_one_knob():
    start, loud, heavy = (two_networks(*knobs) for knobs in ((1, 1), (16, 1), (1, 10)))
    assert start["pre"][0] == pytest.approx(start["res"][0], abs=1e-5)  # alike at first, as the figure says
    assert loud["pre"][0] == pytest.approx(start["pre"][0], abs=1e-5) and loud["res"][0].max() > 0.999 > 2 * start["res"][0].max()
    assert heavy["pre"][1] == pytest.approx(10 * start["pre"][1]) and heavy["res"][1] == pytest.approx(start["res"][1], abs=1e-4)


def test_prenorms_by_keyboard(browser, site):
    browser.open(site / "prenorms.html")
    prenorms_match(browser, 1, 1)
    browser.keys('input[aria-label="Multiply the stream"]', END)
    prenorms_match(browser, 16, 1)
    browser.keys('input[aria-label^="Multiply the last"]', RIGHT, RIGHT)
    prenorms_match(browser, 16, 5)
    assert browser.one('input[aria-label^="Multiply the last"]').get_attribute("aria-valuetext") == "× 5"
    browser.keys('input[aria-label="Multiply the stream"]', HOME, RIGHT)
    prenorms_match(browser, 2, 5)
    assert browser.one("svg").accessible_name.startswith(FORMULAS["pre"] + ": attention to tokens 1 to 4 0.151, 0.306, 0.436, 0.106; added ")
    time.sleep(1.3)
    assert browser.text("state") == browser.js("return document.querySelector('.ix-live').textContent")


def test_prenorms_compute_what_the_blocks_of_the_book_do():
    from experiments.block import Shape, SubLayer

    class Head(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q, k, v = (x @ torch.tensor(HEAD[name], dtype=x.dtype) for name in ("query", "key", "value"))
            mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return 5 * mixed @ torch.tensor(HEAD["out"], dtype=x.dtype)

    x = 4 * torch.from_numpy(STREAM).double()
    for key, placement in (("pre", "pre"), ("res", "res-post")):
        branch = SubLayer(Head(), Shape(1, 4, 1, placement)).double()(x) - x
        assert branch[-1].detach().numpy() == pytest.approx(two_networks(4, 5)[key][1], rel=1e-9), key


# The book itself

CHAPTERS = {
    "attention": "5_prenorm_block",
    "bench": "7_real_model",
    "cube": "2_layernorm_forward",
    "depth": "5_prenorm_block",
    "forgets": "variants",
    "geometry": "3_layernorm_backward",
    "lanes": "4_layernorm_pytorch",
    "learning_rate": "why_it_stabilises",
    "precision": "2_layernorm_forward",
    "prenorms": "textbooks_disagree",
    "scores": "1_z_scores",
    "ward": "6_block_clinic",
}


@pytest.fixture(scope="module")
def book():
    folder = ROOT / "_build" / "html" / "book"
    if not folder.exists():
        pytest.skip("the site has not been built: run `make site`")
    return folder


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_figure_in_its_chapter(browser, book, name, width, dark):
    browser.driver.get_log("browser")
    browser.open(book / f"{CHAPTERS[name]}.html", width, dark=dark)
    assert browser.one(f"ix-{name} .ix-stage").is_displayed()
    assert browser.js("return document.documentElement.scrollWidth") <= width
    assert [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("page", sorted(set(CHAPTERS.values())))
def test_words_of_the_chapters_set_their_figures(browser, book, page):
    """Every state that the text names exists: the figure takes it, and its controls show it."""
    browser.driver.get_log("browser")
    browser.open(book / f"{page}.html")
    phrases = browser.all("[data-figure]")
    assert phrases
    for phrase in phrases:
        wanted = json.loads(phrase.get_attribute("data-state"))
        browser.js("arguments[0].querySelector('button').click()", phrase)
        found = browser.js(
            "const f = document.querySelector('ix-' + arguments[0].dataset.figure);"
            "return Object.fromEntries(arguments[1].map(k => [k, [f[k], k in f.inputs]]))",
            phrase, list(wanted),
        )  # fmt: skip
        assert {name: value for name, (value, _) in found.items()} == wanted
        assert all(shown for name, (_, shown) in found.items() if name not in ("marks", "last", "at")), phrase.text
        checked = browser.js("return [...document.querySelectorAll('.ix-stage :checked')].map(i => i.value)")
        assert {value for value in wanted.values() if isinstance(value, str)} <= set(checked)
    assert [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_ward_in_its_chapter(browser, book):
    """Letters and sections are those that the text names, places those of its table."""
    browser.open(book / f"{CHAPTERS['ward']}.html")
    letters = {i.get_attribute("value"): browser.js("return arguments[0].parentNode.textContent", i) for i in browser.all('ix-ward input[type="radio"]')}
    for phrase in browser.all("[data-figure]"):
        wanted = letters[json.loads(phrase.get_attribute("data-state"))["patient"]]
        around = browser.js("return arguments[0].closest('p').textContent", phrase)
        assert f"patient {wanted}" in around.replace("Patient", "patient"), around
    table = browser.js("return [...document.querySelectorAll('#tab-clinic-dependence tbody tr')].map(r => [...r.children].map(c => c.textContent.trim()))")
    assert [place for _, place in table] == [option.text for option in browser.all("ix-ward option")][1:]
    for patient, (_, section) in CAUSES.items():
        pick(browser, "Patient", patient)
        browser.js("arguments[0].click()", browser.one("ix-ward .ix-button"))
        title = browser.js("return document.getElementById(arguments[0]).closest('section').querySelector('h2').textContent", section)
        link = browser.one("ix-ward .ix-state a")
        assert link.get_attribute("href").endswith(f"#{section}") and link.text in title


def body_of(browser, book, name: str) -> list[list[str]]:
    """The table that stands in for a figure, cell by cell."""
    browser.open(book / f"{CHAPTERS[name]}.html")
    rows = browser.js(
        "return [...document.querySelectorAll(arguments[0] + ' .ix-body tbody tr')].map(r => [...r.children].map(c => c.textContent.trim()))",
        f"ix-{name}",
    )
    assert rows
    return rows


def test_bodies_say_what_the_figures_show(browser, book):
    rows = body_of(browser, book, "scores")
    assert [as_number(row[2]) for row in rows] == browser.row("zA zB zC zD zE")
    marks = np.array([20, 50, 60, 80, 100])
    z = (marks - marks.mean()) / marks.std()
    assert [as_number(row[3]) for row in rows] == pytest.approx(z, abs=0.0051)
    assert [as_number(row[4]) for row in rows] == pytest.approx(2 * z + 0.5, abs=0.0051)

    rows = {row[0].split()[0]: row for row in body_of(browser, book, "cube")}
    for kind in ["batch", "layer", "instance", "group", "rms"]:
        browser.js("arguments[0].click()", browser.one(f'ix-cube input[value="{kind}"]'))
        shown = [browser.js("return document.querySelector(`ix-cube [data-out=${arguments[0]}]`).textContent", key)
                 for key in ("count", "mean", "square" if kind == "rms" else "variance", "value")]
        assert [cell.removeprefix("mean square ") for cell in rows.get(kind, rows["RMSNorm"])[1:]] == shown

    rows = body_of(browser, book, "geometry")
    assert len(rows) == 7
    for row, name in zip(rows, "xchgmrd", strict=True):
        assert [as_number(cell) for cell in row[1:]] == browser.row(f"{name}0 {name}1 {name}2")

    rows = body_of(browser, book, "attention")
    assert len(rows) == 6
    masks = {"before the softmax": "before", "after it": "after", "nowhere": "none"}
    for mask, along, sums, noticed in rows:
        pick(browser, "The mask stands", masks[mask])
        pick(browser, "The softmax runs along", along.removeprefix("the "))
        slide(browser, "The last word", 1)
        assert sums.split(", ") == [browser.text(f"sum{i}") for i in range(4)]
        slide(browser, "The last word", 2)
        moved = [token for i, token in enumerate(("the", "cat", "sat")) if browser.text(f"moved{i}") == "moved"]
        assert noticed == (", ".join(moved) or "none")

    rows = body_of(browser, book, "lanes")
    assert len(rows) == 5
    loads = {"without a mask": "bare", "with a mask, without other": "mask", "with other=0.0": "other"}
    for load, before, *numbers in rows:
        pick(browser, "The row is loaded by", loads[load])
        pick(browser, "Between the subtraction and the square", "no" if before == "nothing" else "yes")
        assert numbers == [browser.text("mean"), browser.text("variance")]

    rows = body_of(browser, book, "bench")
    assert [row[0] for row in rows] == list(BENCH_KEYS.values())
    small = {"features": 576, "spread": 3.3, "mean": 0.05, "eps": 1e-5}
    corners = [{"spread": 1.1e-7}, {"eps": 0.1}, {"features": 4}, {"mean": 5000}, small | {"spread": 33}, {"mean": 1}]
    for (_, as_mini, as_smol, _, there), key, corner in zip(rows, BENCH_KEYS, corners, strict=True):
        pick(browser, "Mistake of the norm", key)
        for cell, token in ((as_mini, STANDS), (as_smol, small), (there, STANDS | corner)):
            put_on_the_bench(browser, **token)
            value, written = bench_matches(browser, key, **token), as_number(cell.replace("\xa0", " "))
            assert written == pytest.approx(float(f"{value:.2g}" if value >= 1e-3 else f"{value:.0e}"))

    rows = body_of(browser, book, "forgets")
    for (_, *moved, spreads), layer in zip(rows, IN_PLACE, strict=True):
        pick(browser, "In the norm’s place", layer)
        for cell, change in zip(moved, ({"shift": 3}, {"scale": 10}, {"loud": 10}), strict=True):
            change_token(browser, **change)
            assert cell == browser.text(f"{next(iter(change))}Moves")
        shown = browser.row("spreadBefore spreadNow")  # the last feature is loud
        assert [as_number(cell) for cell in spreads.split(" → ")] == pytest.approx(shown, abs=0.0056)

    rows = body_of(browser, book, "prenorms")
    assert len(rows) == 4
    for stream, write, *pairs in rows:
        for name, knob in (("stream", stream), ("write", write)):
            code = "document.querySelector('ix-prenorms').become(...arguments[0]); document.querySelector('ix-prenorms').update()"
            browser.js(code, [name, int(knob.removeprefix("× "))])
        assert pairs == [" / ".join(browser.text(f"{key}{name}") for key in FORMULAS) for name in ("Entropy", "Added")]

    rows = body_of(browser, book, "depth")
    for placement, depth, *numbers in rows:
        cell = result("depth")["variants"][placement.replace("DeepNorm", "deepnorm")][depth]
        wanted = [cell["variances"][-1], cell["gradients"][0], cell["gradients"][-1]]
        assert [float(number) for number in numbers] == pytest.approx(wanted, rel=6e-3)

    rows = body_of(browser, book, "learning_rate")
    assert len(rows) == 6
    for placement, *numbers in rows:
        runs = result("learning_rate")["runs"]
        for rate, number in zip((0.001, 0.003, 0.01), numbers, strict=True):
            value = runs[f"6 {placement.replace('DeepNorm', 'deepnorm')} {rate:g} 0"]["final"]
            assert number == "diverged" if value is None else as_number(number) == pytest.approx(value, abs=0.0051)

    rows = body_of(browser, book, "ward")
    for row, (patient, (_, section)) in zip(rows, CAUSES.items(), strict=True):
        assert browser.js("return document.querySelectorAll('ix-ward .ix-body tbody a')[arguments[0]].getAttribute('href')", rows.index(row)) == f"#{section}"
        stored = result("ward")["patients"][patient]
        for cell, knob in zip(row[2:], result("ward")["knobs"], strict=True):
            apart = [None if ill is None else abs(ill - well) for ill, well in zip(stored["faulty"][knob], stored["sound"][knob], strict=True)]
            assert cell == "NaN" if None in apart else as_number(cell) == pytest.approx(max(apart), abs=0.0051 if max(apart) < 10 else 0.51)
