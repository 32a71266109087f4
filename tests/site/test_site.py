"""The built site as it lies on disk: it needs no other host, its links lead somewhere, it says what it is."""

import re

import pytest

from autograder import releasing
from tests.site.pages import SITE, Page, is_external, need_site, pages, target

need_site()


@pytest.fixture(params=pages().values(), ids=lambda page: page.name)
def page(request) -> Page:
    return request.param


def test_there_are_pages():
    assert len(pages()) > 5


def test_loads_nothing_from_elsewhere(page):
    assert [address for address in page.loads if is_external(address)] == []
    code = page.path.read_text(encoding="utf-8")
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", code, re.DOTALL)
    assert [script for script in scripts if re.search(r"https?://", script)] == []


def test_what_it_loads_is_there(page):
    assert [address for address in page.loads if not target(page, address)[0].is_file()] == []


def test_style_sheets_load_nothing_from_elsewhere_and_nothing_missing():
    linked = {target(page, a)[0] for page in pages().values() for a in page.loads if ".css" in a}
    assert linked
    for sheet in linked:
        css = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        addresses = re.findall(r"""(?:url\(|@import\s+)\s*["']?([^"')\s]+)""", css)
        for address in addresses:
            if address.startswith(("data:", "#")) or "%23" in address:
                continue
            assert not is_external(address), f"{sheet.name}: {address}"
            assert (sheet.parent / re.split("[?#]", address)[0]).is_file(), f"{sheet.name}: {address}"


def test_links_lead_somewhere(page):
    broken = []
    for address in page.links:
        if is_external(address) or address.startswith(("mailto:", "data:", "javascript:")):
            continue
        path, anchor = target(page, address)
        if not path.is_file():
            broken.append(address)
        elif anchor and path.suffix == ".html" and anchor not in pages()[path].ids:
            broken.append(address)
    assert broken == []


def test_ids_are_unique(page):
    assert sorted({name for name in page.ids if page.ids.count(name) > 1}) == []


def test_figures_have_a_text_alternative(page):
    assert page.unnamed_figures == []


def test_says_what_it_is(page):
    assert page.title.strip() and page.meta["og:title"]
    assert 20 <= len(page.meta["description"]) <= 160
    assert "\\" not in page.title + page.meta["description"]


def test_titles_differ():
    titles = [page.title for page in pages().values()]
    assert len(set(titles)) == len(titles)


def test_formulas_are_typeset(page):
    assert "katex-error" not in page.classes
    left = re.findall(r"\\[(\[]|\$\$", re.sub(r"\s+", " ", page.text)) if "katex" in page.classes else []
    assert left == []


def test_the_text_waits_for_one_style_sheet_and_no_script(page):
    code = page.path.read_text(encoding="utf-8")
    sheets = re.findall(r'<link[^>]*rel="stylesheet"[^>]*>', code)
    assert len([sheet for sheet in sheets if 'media="print"' not in sheet]) == 1
    assert [script for script in re.findall(r"<script[^>]*\bsrc=[^>]*>", code) if "defer" not in script] == []


def test_nothing_of_the_judge_is_published():
    assert releasing.leaks(SITE) == []
