"""A headless Chromium, and a page that it prints to PDF."""

import base64
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SECONDS = 300  # a whole book is laid out in one go


def program() -> str | None:
    """Return Chromium's path, or None where it or its driver is missing."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found if shutil.which("chromedriver") else None


@contextlib.contextmanager
def driver(*flags: str, log: str = "browser") -> Iterator:
    """Yield a selenium driver of a fresh browser with these flags too; of the log ``log`` it keeps every entry."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = Options()
        options.binary_location = program()
        options.set_capability("goog:loggingPrefs", {log: "ALL"})
        for flag in (*FLAGS.split(), *flags, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        started = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield started
        finally:
            started.quit()


def print_to_pdf(page: Path, footer: str | None = None) -> bytes:
    """Return the page as a tagged PDF with an outline from its headings; its own style sheet says the paper's size.

    ``footer`` is HTML for the foot of every page, in which an element of class pageNumber shows the number.
    """
    settings = {
        "preferCSSPageSize": True,
        "printBackground": True,
        "generateTaggedPDF": True,
        "generateDocumentOutline": True,
        "displayHeaderFooter": footer is not None,
        "headerTemplate": "<span></span>",
        "footerTemplate": footer or "",
    }
    with driver() as browser:
        browser.set_page_load_timeout(SECONDS)
        browser.command_executor.client_config.timeout = SECONDS
        browser.set_script_timeout(SECONDS)
        browser.get(page.resolve().as_uri())
        browser.execute_async_script("document.fonts.ready.then(arguments[0])")
        return base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", settings)["data"])
