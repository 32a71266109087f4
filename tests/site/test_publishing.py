"""The site on paper, in an archive and under an address."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from book.publishing import archive, chromium, pdf
from tests import small_site
from tests.browser import chromium as browser
from tests.site.pages import SITE, need_site

need_site()
BOOK = Path(__file__).parents[2] / "book"
needs_chromium = pytest.mark.skipif(chromium.program() is None, reason="no chromium with chromedriver here")


# On paper


@pytest.fixture(scope="module")
def book() -> str:
    return pdf.whole_book(SITE, {})


def test_the_printed_book_has_every_chapter_in_order(book):
    contents = [page for _, pages in pdf.parts(SITE) for page in pages]
    listed = re.findall(r"file: (\S+)", (BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))
    assert contents == [page for page in listed if page not in pdf.LEFT_OUT]
    assert re.findall(r'<section class="printed-page" id="([^"]+)"', book) == [pdf.anchor(page) for page in contents]


def test_in_the_printed_book_ids_are_unique_and_links_lead_somewhere(book):
    ids = re.findall(r'<[^>]*?\sid="([^"]*)"', book)
    assert sorted({name for name in ids if ids.count(name) > 1}) == []
    inward = {name for name in re.findall(r'href="#([^"]+)"', book)}
    assert inward and inward - set(ids) == set()
    assert "<script" not in book


def test_no_link_of_the_printed_book_leads_to_a_file_of_this_machine(book):
    assert re.findall(r'<a\b[^>]*href="file:[^"]*"', book) == []


def test_a_quiz_on_paper_asks_without_answering_and_is_answered_behind_the_chapter(book):
    for page in (page for _, pages in pdf.parts(SITE) for page in pages):
        html = pdf.article(SITE, page, set())
        asked, _, answered = html.partition('<section class="answers"')
        assert 'class="quiz-verdict"' not in asked and 'class="quiz-why"' not in asked, page
        assert asked.count("<course-quiz") == answered.count('<div class="answer '), page
        for kind in ("choice", "change", "fault", "number"):
            quizzes = re.findall(rf'<div class="answer {kind}">.*?</dl>', answered, re.DOTALL)
            assert all(">Right.<" in quiz.partition("</dd>")[0] for quiz in quizzes), page


def test_the_steps_of_an_order_are_mixed_on_paper_and_the_answer_gives_their_letters():
    steps = "".join(
        f'<li><div class="quiz-label"><p>{step}</p></div><div class="quiz-why"><p>why {step}</p></div></li>'
        for step in ("first", "second", "third")
    )
    article = (
        '<course-quiz id="q" data-kind="order" data-start="2 0 1"><div class="quiz-title"><p>Quiz 1</p></div>'
        '<div class="quiz-question"><p>In which order?</p></div>'
        f'<ol class="arabic quiz-answers">{steps}</ol></course-quiz>'
    )
    asked, _, answered = pdf.quizzes_on_paper(article).partition('<section class="answers"')
    assert re.findall(r'label"><p>(\w+)</p>', asked) == ["third", "first", "second"]
    assert 'type="A"' in asked and "arabic" not in asked
    assert re.findall(r"<dt>(.)</dt><dd>\s*<p>why (\w+)", answered) == [("B", "first"), ("C", "second"), ("A", "third")]


def test_a_number_to_predict_is_not_among_its_question(book):
    for quiz in re.findall(r'<course-quiz[^>]*data-kind="number".*?</course-quiz>', book, re.DOTALL):
        assert "quiz-answers" not in quiz and "<li>" not in quiz


def test_page_numbers_are_read_from_what_chromium_writes():
    written = (
        b"3 0 obj\n<</Type /Page\n/Parent 5 0 R>>\nendobj\n4 0 obj\n<</Type /Page\n/Parent 5 0 R>>\nendobj\n"
        b"5 0 obj\n<</Type /Pages\n/Count 2\n/Kids [4 0 R 3 0 R]>>\nendobj\n"
        b"6 0 obj\n<</a [4 0 R /XYZ 0 800 0]\n/b#2Dc [3 0 R /XYZ 0 800 0]>>\nendobj\n"
    )
    assert pdf.page_numbers(written) == {"a": 1, "b-c": 2}
    assert pdf.count_pages(written) == 2


@needs_chromium
def test_the_cheat_sheet_prints_on_one_side():
    printed = chromium.print_to_pdf(SITE / "book" / "cheat_sheet.html")
    assert pdf.count_pages(printed) == 1
    width, height = (float(number) for number in re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed).groups())
    assert (round(width), round(height)) == (595, 842)  # A4 in points


@needs_chromium
@pytest.mark.slow
def test_the_book_prints(tmp_path):
    """Whole: every title in the text, on the page that the contents name, and no word that a script left undone."""
    out = tmp_path / "book.pdf"
    pages = pdf.make(SITE, out)
    assert pages > 100
    raw = out.read_bytes()
    assert b"/StructTreeRoot" in raw and b"/Outlines" in raw
    numbers = pdf.page_numbers(raw)
    assert all(pdf.anchor(page) in numbers for _, part in pdf.parts(SITE) for page in part)
    try:
        done = subprocess.run(["pdftotext", "-layout", out, "-"], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    sheets = done.stdout.split("\f")
    assert "undefined" not in sheets[1]
    for _, part in pdf.parts(SITE):
        for page in part:
            html = (SITE / f"{page}.html").read_text(encoding="utf-8")
            title = re.sub(r"^[\d.]+", "", pdf.title(html)).split()
            words = " ".join(sheets[numbers[pdf.anchor(page)] - 1].split())
            assert title[0] in words and title[-1] in words, page
    assert str(numbers["1_z_scores"]) in sheets[1]


# In an archive


@needs_chromium
def test_the_archive_reads_from_disk(tmp_path):
    out = tmp_path / "site.zip"
    assert archive.pack(SITE, out) > 30
    with zipfile.ZipFile(out) as packed:
        packed.extractall(tmp_path)
    root = tmp_path / archive.FOLDER
    with browser() as driver:
        driver.set_window_size(1280, 900)
        for page in ("index.html", "book/2_layernorm_forward.html", "book/interview_bank.html", "book/knowledge_map.html"):
            driver.get((root / page).as_uri())
            errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
            assert errors == [], page
        driver.find_element("css selector", ".knowledge-map a").click()
        assert driver.current_url == (root / "book" / "1_z_scores.html").as_uri()


def test_the_archive_is_the_same_twice_and_leaves_out_what_nobody_reads(tmp_path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    archive.pack(SITE, first)
    archive.pack(SITE, second)
    assert first.read_bytes() == second.read_bytes()
    names = zipfile.ZipFile(first).namelist()
    assert f"{archive.FOLDER}/index.html" in names
    assert not [name for name in names if "/_sources/" in name or "/reports/" in name]


# Under an address


@pytest.fixture
def build(tmp_path):
    def run() -> Path:
        config = {"extensions": ["myst_parser", "page_description", "site_address"], "html_title": "A book"}
        small_site.build(tmp_path, config, {"index": "# Home\n\nWhat this book is about, in a sentence.\n"})
        return tmp_path / "out"

    return run


def test_with_an_address_pages_name_it(build, monkeypatch):
    monkeypatch.setenv("SITE_ADDRESS", "https://example.org/course")
    out = build()
    html = (out / "index.html").read_text(encoding="utf-8")
    assert '<link rel="canonical" href="https://example.org/course/index.html"' in html
    assert 'property="og:url" content="https://example.org/course/index.html"' in html
    assert 'property="og:image" content="https://example.org/course/_static/link-preview.png"' in html
    assert "<loc>https://example.org/course/index.html</loc>" in (out / "sitemap.xml").read_text(encoding="utf-8")
    picture = out / "_static" / "link-preview.png"
    assert picture.stat().st_size <= 100_000 and Image.open(picture).size == (1200, 630)


def test_without_an_address_nothing_names_one(build, monkeypatch):
    monkeypatch.delenv("SITE_ADDRESS", raising=False)
    out = build()
    html = (out / "index.html").read_text(encoding="utf-8")
    assert "canonical" not in html and "og:image" not in html and "og:url" not in html
    assert not (out / "sitemap.xml").exists() and not (out / "robots.txt").exists()
