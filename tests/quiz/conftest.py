"""A small course with a quiz of every kind, and a headless Chromium that is worked by the keyboard alone."""

import subprocess
from pathlib import Path

import pytest

from .. import small_site
from ..browser import MISSING, chromium

ROOT = Path(__file__).parent.parent.parent
CONFIG = {
    "extensions": ["myst_parser", "katex_math", "quiz", "progress"],
    "html_math_renderer": "katex",
    "myst_enable_extensions": ["colon_fence", "dollarmath"],
}
CHOICE = """\
:::{quiz} divisor
What does LayerNorm divide the sum of squares by?

- [ ] $d - 1$
  > That *estimates* a population.
- [x] $d$
  > The features are all there is.

  > It is the biased variance.
- [ ] the batch size
  > A mean over `B` looks at other tokens.
:::
"""
FAULT = """\
:::{quiz} axis
:kind: fault
What is wrong here?

```python
x - x.mean(axis=0)
```

- [ ] nothing
  > Its rows keep their means.
- [ ]
  ```python
  x - x.mean()
  ```
  > That takes one mean for all.
- [x] `axis=0`
  > The axis named is the one that disappears.
:::
"""
ORDER = """\
:::{quiz} steps
:kind: order
Put the steps in order.

1. subtract the mean
   > Everything works on deviations.
2. square
   > It needs deviations.
3. average
   > It averages squares.
4. take the root
   > It needs the variance, in $x^2$.
:::
"""
NUMBER = """\
:::{quiz} variance
:kind: number
:unit: marks²
The variance of 20, 50, 60, 80, 90?

- [x] 600 ± 0.5
  > 3000 over five.
- [ ] 750 ± 0.5
  > You divided by $n - 1$.
- [ ] -1200.5
  > That is negative.
- [ ] 6e-5 ± 1 %
  > That is tiny.
- [ ] 60000
  > A hundred times too much.
- [ ] other
  > Work through the four steps.
:::
"""
PAGES = {
    "index": "# Course\n\n```{toctree}\n:numbered:\none\ntwo\n```\n\n```{toctree}\nprogress\n```\n",
    "one": f"# Spread\n\nText.\n\n{CHOICE}\nText.\n\n{ORDER}",
    "two": f"# Forward\n\nText.\n\n{FAULT}\nText.\n\n{NUMBER}",
    "progress": "# Your progress\n\nAll stays here.\n\n```{progress}\n```\n",
}


def build(folder: Path, pages: dict[str, str], builder: str = "html", more: str = "") -> subprocess.CompletedProcess:
    return small_site.build_strictly(folder, CONFIG, pages, builder, more)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("quizzes")
    done = build(folder, PAGES)
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Reader:
    """Somebody with a keyboard."""

    def __init__(self, driver, site: Path) -> None:
        self.driver, self.site = driver, site

    def open(self, page: str, width: int = 800, *, script: bool = True, media: str = "") -> None:
        cdp = self.driver.execute_cdp_cmd
        window = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        cdp("Emulation.setDeviceMetricsOverride", window)
        cdp("Emulation.setScriptExecutionDisabled", {"value": not script})
        cdp("Emulation.setEmulatedMedia", {"media": media, "features": []})
        self.driver.get((self.site / f"{page}.html").resolve().as_uri())

    def all(self, selector: str) -> list:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str):
        (found,) = self.all(selector)
        return found

    def js(self, code: str, *arguments):
        return self.driver.execute_script(code, *arguments)

    @property
    def focused(self):
        return self.driver.switch_to.active_element

    def press(self, *keys: str) -> None:
        """Press keys on whatever has the focus then."""
        for key in keys:
            self.focused.send_keys(key)

    def tab_to(self, name: str):
        """Tab until the element with this accessible name has the focus."""
        from selenium.webdriver.common.action_chains import ActionChains

        for _ in range(60):
            ActionChains(self.driver).send_keys("\ue004").perform()
            if self.focused.accessible_name == name:
                return self.focused
        pytest.fail(f"no tab stop is called {name!r}")

    def start_of(self, quiz: str) -> None:
        """Put the focus right before a quiz, as if the reader had tabbed there."""
        self.js("arguments[0].tabIndex = -1; arguments[0].focus(); arguments[0].removeAttribute('tabindex')", self.one(quiz))

    def feedback(self, quiz: str) -> str:
        """What the quiz's live region says."""
        region = self.one(f"{quiz} .quiz-feedback")
        assert region.get_attribute("role") == "status"
        return " ".join(region.text.split())

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture(scope="session")
def _driver():
    if MISSING:
        pytest.skip(f"the quizzes are tested in a browser: {MISSING}")
    with chromium() as driver:
        yield driver


@pytest.fixture
def reader(_driver, site) -> Reader:
    """A reader with no progress yet."""
    somebody = Reader(_driver, site)
    somebody.open("index")
    somebody.js("localStorage.clear()")
    _driver.get_log("browser")
    yield somebody
    assert somebody.errors() == []
