"""A headless Chromium, and a small site that has each figure on a page of its own."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from .. import small_site
from ..browser import MISSING, chromium

ROOT = Path(__file__).parent.parent.parent
FIGURES = ["attention", "bench", "cube", "depth", "forgets", "geometry", "lanes", "learning_rate", "precision", "prenorms", "scores", "ward"]
# The stored results that figures draw
DATA = {"bench": "real_model_tokens", "depth": "depth_at_start", "learning_rate": "learning_rates", "ward": "ward"}


def build(folder: Path, pages: dict[str, str]) -> subprocess.CompletedProcess:
    return small_site.build_strictly(folder, {"extensions": ["myst_parser", "interactive"]}, pages)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    filler = "\n\n".join(["A line of text."] * 60)
    page = "---\norphan: true\n---\n# Page {0}\n\n" + filler + "\n\n```{{interactive}} {0}\n{1}In *words*: {0}.\n```\n\n" + filler
    pages = {name: page.format(name, f":data: {DATA[name]}\n\n" if name in DATA else "") for name in FIGURES}
    pages["scores"] += "\n\nSee {play}`what a *gain* of −1.5 does <scores gamma=-1.5 marks=[10,20,30,40,100]>`.\n"
    done = build(folder, {"index": "# No figure\n\nText.\n", **pages})
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Browser:
    """A page with a figure, and hands to work it."""

    def __init__(self, driver) -> None:
        self.driver = driver

    def open(self, page: Path, width: int = 800, *, dark: bool = False, script: bool = True, media: str = "") -> None:
        cdp = self.driver.execute_cdp_cmd
        cdp("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
        cdp("Emulation.setScriptExecutionDisabled", {"value": not script})
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        cdp("Emulation.setEmulatedMedia", {"media": media, "features": features})
        self.driver.get(page.resolve().as_uri())

    def all(self, selector: str) -> list:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str):
        (found,) = self.all(selector)
        return found

    def js(self, code: str, *arguments):
        return self.driver.execute_script(code, *arguments)

    def texts(self, *names: str) -> list[str]:
        """What stands in the cells or sentences of these names, asked for in one go: each question takes the driver long."""
        script = "return arguments[0].map((name) => [...document.querySelectorAll(`[data-out='${name}']`)].map((node) => node.textContent))"
        return [text for (text,) in self.js(script, names)]

    def text(self, name: str) -> str:
        return self.texts(name)[0]

    def number(self, name: str) -> float:
        return as_number(self.text(name))

    def row(self, names: str) -> list[float]:
        return [as_number(text) for text in self.texts(*names.split())]

    def keys(self, selector: str, *keys: str) -> None:
        """Focus an element and press keys."""
        self.js("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus({preventScroll: true})", self.one(selector))
        if keys:
            self.press(*keys)

    def press(self, *keys: str) -> None:
        """Press keys, which go to whatever then has the focus."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def seize(self, selector: str) -> tuple[float, float]:
        """Scroll the element to the middle of the window; return where its centre is then."""
        centre = "const r = arguments[0].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]"
        self.js("arguments[0].scrollIntoView({block: 'center'})", self.one(selector))
        return tuple(self.js(centre, self.one(selector)))

    def drag(self, selector: str, dx: int, dy: int = 0) -> None:
        """Drag with the mouse, in steps, not beyond the window."""
        from selenium.webdriver.common.actions.action_builder import ActionBuilder

        x, y = self.seize(selector)
        dx = max(5 - x, min(self.js("return innerWidth") - 5 - x, dx))
        hand = ActionBuilder(self.driver, duration=20)
        mouse = hand.pointer_action
        mouse.move_to_location(int(x), int(y)).pointer_down()
        for part in (0.5, 1):
            mouse.move_to_location(int(x + part * dx), int(y + part * dy))
        mouse.pointer_up()
        hand.perform()

    def swipe(self, selector: str, dx: int, dy: int) -> None:
        """One finger goes down on the element, moves, and is lifted."""
        x, y = self.seize(selector)

        def touch(kind: str, *points: dict) -> None:
            self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", {"x": x, "y": y})
        for step in range(1, 11):
            touch("touchMove", {"x": x + dx * step / 10, "y": y + dy * step / 10})
        touch("touchEnd")
        time.sleep(0.3)


def as_number(text: str) -> float:
    """Read a number as the figures write it: −1.5, ∞, 2.0 × 10⁻⁵."""
    text = text.replace("−", "-").replace("∞", "inf").replace("–", "nan").replace(",", "")
    power = re.fullmatch(r"(.+) × 10(.+)", text)
    if power:
        return float(power[1]) * 10.0 ** int(power[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    return float(text)


@pytest.fixture(scope="session")
def browser():
    if MISSING:
        pytest.skip(f"the figures are tested in a browser: {MISSING}")
    with chromium() as driver:
        yield Browser(driver)
