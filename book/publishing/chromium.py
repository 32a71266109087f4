"""Prints a page to PDF by headless Chromium."""

import base64
import shutil
import tempfile
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


def print_to_pdf(page: Path, footer: str | None = None) -> bytes:
    """Return the page as a tagged PDF with an outline from its headings; its own style sheet says the paper's size.

    ``footer`` is HTML for the foot of every page, in which an element of class pageNumber shows the number.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = Options()
        options.binary_location = program()
        for flag in (*FLAGS.split(), f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            driver.set_page_load_timeout(SECONDS)
            driver.command_executor.client_config.timeout = SECONDS
            driver.set_script_timeout(SECONDS)
            driver.get(page.resolve().as_uri())
            driver.execute_async_script("document.fonts.ready.then(arguments[0])")
            settings = {
                "preferCSSPageSize": True,
                "printBackground": True,
                "generateTaggedPDF": True,
                "generateDocumentOutline": True,
                "displayHeaderFooter": footer is not None,
                "headerTemplate": "<span></span>",
                "footerTemplate": footer or "",
            }
            return base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", settings)["data"])
        finally:
            driver.quit()
