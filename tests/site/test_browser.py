"""The site in a browser, opened from disk: every page in light, in dark and on a phone.

No error on the console, no page wider than its window, no formula that has to be scrolled, nothing that axe-core finds fault
with, and every word of a figure legible on what it stands on.
"""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests.browser import chromium, needs_browser
from tests.site.pages import SITE, need_site, pages

need_site()

pytestmark = needs_browser
AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
# A view, its window, its colours, and what axe looks for there. Colours are the same on a phone, and
# measuring them takes most of the time.
NO_CONTRAST = '{rules: {"color-contrast": {enabled: false}}}'
VIEWS = {
    "light": (1280, 900, "light", "{}"),
    "dark": (1280, 900, "dark", '{runOnly: ["color-contrast", "link-in-text-block"]}'),
    "phone": (390, 844, "light", NO_CONTRAST),
}

# Axe has no rule for what is inside a formula or a figure, and it would walk thousands of elements there.
FIND_FAULTS = """
const done = arguments[arguments.length - 1];
for (const formula of document.querySelectorAll("span.math .katex")) formula.replaceWith("x");
for (const figure of document.querySelectorAll(".course-figure")) figure.replaceChildren();
const how = {preload: false, resultTypes: ["violations"], ...OPTIONS};
document.fonts.ready.then(() => axe.run(document, how)).then((found) => done(
  found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} ${n.any.map((a) => a.message)}`))
), (error) => done([String(error)]));
"""

# What lies beneath a figure's word is the shape that was painted last under its middle.
FIND_FAINT_WORDS = """
const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = (rgb) => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgb = (colour) => {
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data];
};
const faint = [];
for (const word of document.querySelectorAll("svg.course-figure text")) {
  const box = word.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const shapes = [...word.ownerSVGElement.querySelectorAll("path")].filter((shape) => {
    const style = getComputedStyle(shape);
    if (style.fill === "none" || style.fill.startsWith("url") || style.opacity < 0.5) return false;
    const matrix = shape.getScreenCTM();
    if (!matrix || shape.closest("defs") || shape.compareDocumentPosition(word) & 2) return false;
    const point = new DOMPoint(x, y).matrixTransform(matrix.inverse());
    const clip = document.querySelector(style.clipPath.match(/#[^")]+/)?.[0] ?? "none");
    return shape.isPointInFill(point) && (!clip || clip.firstElementChild.isPointInFill(point));
  });
  const images = [...word.ownerSVGElement.querySelectorAll("image")].map((image) => image.getBoundingClientRect());
  if (images.some((b) => x > b.left && x < b.right && y > b.top && y < b.bottom)) continue;
  const ground = shapes.length ? getComputedStyle(shapes.at(-1)).fill : getComputedStyle(document.body).backgroundColor;
  const lights = [light(rgb(getComputedStyle(word).fill)), light(rgb(ground))].sort((a, b) => b - a);
  const contrast = (lights[0] + 0.05) / (lights[1] + 0.05);
  if (contrast < 4.5) faint.push(`${word.textContent.trim()}: ${contrast.toFixed(2)} on ${ground}`);
}
return faint;
"""


# Every box as it is when the reader has come near it; the theme waits a third of a second before it looks again.
LAY_OUT_ALL = """
document.head.append(Object.assign(document.createElement("style"), {textContent: "* {content-visibility: visible !important}"}));
dispatchEvent(new Event("resize"));
setTimeout(arguments[0], 350);
"""

WIDE_FORMULAS = """
const boxes = [...document.querySelectorAll(".math-box")].filter((box) => box.scrollWidth > box.clientWidth + 1);
return boxes.map((box) => `a formula does not fit: ${box.closest(".math").id || box.textContent.slice(0, 60)}`);
"""

HEIGHTS = """
const boxes = [...document.querySelectorAll(".highlight > pre, .math-box, .course-figure")];
return boxes.map((box) => box.getBoundingClientRect().height);
"""

REACHED = """
const done = arguments[0];
const scrolls = (box) => box.scrollWidth > box.clientWidth + 1;
(async () => {
  const missed = [];
  let wide = 0;
  for (const box of document.querySelectorAll(".highlight > pre, .math-box")) {
    if (box.closest("details")) continue;
    box.scrollIntoView({block: "center"});
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
    wide += scrolls(box);
    if (scrolls(box) && box.tabIndex !== 0) missed.push(box.textContent.slice(0, 60));
  }
  done([wide, missed]);
})();
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        driver.set_script_timeout(60)
        yield driver


def show(browser, page: str, width: int, height: int, scheme: str) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}  # colours in transition are no colours
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get((SITE / page).as_uri())


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("page", [page.name for page in pages().values()])
def test_page(browser, page, view):
    width, height, scheme, options = VIEWS[view]
    show(browser, page, width, height, scheme)
    browser.execute_async_script(LAY_OUT_ALL)
    faults = browser.execute_script(FIND_FAINT_WORDS)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    faults += [f"the page is {wide} px wide"] if wide > width else []
    faults += browser.execute_script(WIDE_FORMULAS)
    browser.execute_script(AXE)
    faults += browser.execute_async_script(FIND_FAULTS.replace("OPTIONS", options))
    faults += [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert not faults, "\n".join(faults)


CHAPTER = "book/3_layernorm_backward.html"  # the one with most formulas


def test_what_is_laid_out_late_has_its_height_before(browser):
    show(browser, CHAPTER, 390, 844, "light")
    before = browser.execute_script(HEIGHTS)
    browser.execute_async_script(LAY_OUT_ALL)
    after = browser.execute_script(HEIGHTS)
    assert len(after) > 50
    assert max(abs(x - y) for x, y in zip(before, after, strict=True)) < 2


def test_the_keyboard_reaches_what_scrolls_and_was_laid_out_late(browser):
    show(browser, CHAPTER, 390, 844, "light")
    wide, missed = browser.execute_async_script(REACHED)
    assert wide > 10
    assert missed == []


def test_on_a_phone_the_list_of_sections_goes_when_one_is_chosen(browser):
    show(browser, CHAPTER, 390, 844, "light")
    browser.find_element("css selector", ".secondary-toggle").click()
    section = browser.find_element("css selector", "dialog[open] li:nth-child(4) > a.nav-link")
    place = section.get_dom_attribute("href").removeprefix("#")
    section.click()
    assert browser.find_elements("css selector", "dialog[open]") == []
    top = browser.execute_script("return document.getElementById(arguments[0]).getBoundingClientRect().top", place)
    assert 0 < top < 844


def test_on_a_phone_the_browsers_own_size_of_letters_counts():
    with chromium("--blink-settings=defaultFontSize=32") as large:
        show(large, CHAPTER, 390, 844, "light")
        assert large.execute_script("return getComputedStyle(document.querySelector('.bd-article p')).fontSize") == "32px"
        right = "return document.querySelector('.secondary-toggle').getBoundingClientRect().right"
        assert large.execute_script(right) <= large.execute_script("return document.documentElement.clientWidth") == 390


def test_on_paper_the_text_stands_in_for_an_interactive_figure(browser):
    show(browser, CHAPTER, 1280, 900, "light")
    shown = "return ['.ix-stage', '.ix-body'].map((part) => document.querySelector(part).getBoundingClientRect().height > 0)"
    assert browser.execute_script(shown) == [True, False]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.execute_script(shown) == [False, True]
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_forced_colours_leave_the_letter_below_a_hat(browser):
    ink = []
    for forced in ("none", "active"):
        show(browser, CHAPTER, 390, 844, "light")
        wishes = [{"name": "forced-colors", "value": forced}, {"name": "prefers-color-scheme", "value": "light"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wishes})
        hat = browser.find_element("css selector", "p .katex-html .accent")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", hat)
        picture = Image.open(io.BytesIO(hat.screenshot_as_png)).convert("L")
        ink.append(sum(level * count for level, count in enumerate(ImageOps.invert(picture).histogram())))
    assert ink[1] > 0.8 * ink[0]


def test_without_scripts_the_page_has_the_themes_colours(browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, CHAPTER, 1280, 900, "light")
        assert [logo.is_displayed() for logo in browser.find_elements("css selector", ".bd-sidebar-primary .logo__image")] == [True, False]
        header = browser.find_element("css selector", ".bd-header-article")
        assert header.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_page_is_dark_before_the_themes_script_runs(browser):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/pydata-sphinx-theme.js*"]})
    try:
        show(browser, CHAPTER, 1280, 900, "dark")
        browser.execute_script("localStorage.clear()")
        browser.refresh()
        assert browser.execute_script("return document.documentElement.dataset.theme") == "dark"
    finally:
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        browser.execute_cdp_cmd("Network.disable", {})


def test_the_search_icon_hides_no_letter(browser):
    show(browser, "search.html", 390, 844, "light")
    icon = browser.find_element("css selector", ".bd-search-container .fa-magnifying-glass").rect
    field = browser.find_element("css selector", ".bd-search-container input[type=search]").rect
    assert icon["x"] + icon["width"] <= field["x"]


def test_a_chapter_is_marked_as_read_where_its_text_ends(browser):
    show(browser, CHAPTER, 390, 844, "light")
    end = browser.execute_script("return document.querySelector('.progress-end').parentElement.className")
    assert end == "bd-article"
