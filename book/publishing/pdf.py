"""The whole book as one PDF: `python -m book.publishing.pdf`, after the site is built.

The articles of the built pages are put one after the other, behind a title page and a table of contents, and printed by
Chromium twice: the first time to learn on which page each chapter begins, the second time with those numbers in the
contents. The pages stand as they are without scripts: of an interactive figure and an exercise the plain body. A quiz
asks on its page, and its answers stand at the end of the chapter, so that a reader can commit to one first.
"""

import re
import sys
from html import escape
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from book.publishing import chromium

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "pdf" / "normalisation-inside-transformers.pdf"
LEFT_OUT = {"book/interview_bank", "book/progress"}  # the chapters have the questions; progress lives in a browser
FOOTER = (
    '<div style="width: 100%; text-align: center; font: 8pt sans-serif; color: #555">'
    '<span class="pageNumber"></span></div>'
)
ARTICLE = re.compile(r'<article class="bd-article"[^>]*>(.*?)</article>', re.DOTALL)
STYLES = re.compile(r'<link(?=[^>]*rel="stylesheet")[^>]*?href="([^"?]+)')
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
QUIZ = re.compile(r"<course-quiz\b.*?</course-quiz>", re.DOTALL)
LINK_TO_A_FILE = re.compile(r'<a\b[^>]*href="file:[^>]*>(.*?)</a>', re.DOTALL)
ATTRIBUTE = re.compile(r'\b(id|for|href|xlink:href|src|aria-labelledby|aria-describedby|aria-controls|name)="([^"]*)"')
OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)endobj", re.DOTALL)


def parts(site: Path) -> list[tuple[str, list[str]]]:
    """Return the contents as [(caption, [page])], read from the site's own navigation."""
    home = (site / "index.html").read_text(encoding="utf-8")
    navigation = re.search(r'<nav class="bd-links.*?</nav>', home, re.DOTALL)[0]
    found: list[tuple[str, list[str]]] = []
    for caption, page in re.findall(r'caption-text">([^<]+)<|href="([^"#]+)\.html"', navigation):
        if caption:
            found.append((caption, []))
        elif found and page not in LEFT_OUT:
            found[-1][1].append(page)
    return found


def anchor(page: str, name: str = "") -> str:
    return page.rsplit("/", 1)[-1] + (f"--{name}" if name else "")


def article(site: Path, page: str, printed: set[str]) -> str:
    """Return a page's article, its ids made the page's own and its links turned inward where they can be."""
    path = site / f"{page}.html"
    html = quizzes_on_paper(SCRIPT.sub("", ARTICLE.search(path.read_text(encoding="utf-8"))[1]))

    def moved(match: re.Match) -> str:
        name, value = match.groups()
        if name in ("href", "xlink:href", "src"):
            return f'{name}="{escape(address(value))}"'
        return f'{name}="{" ".join(anchor(page, part) for part in value.split())}"'

    def address(value: str) -> str:
        if re.match(r"[a-z]+:", value):
            return value
        file, _, fragment = value.partition("#")
        if not file:
            return f"#{anchor(page, fragment)}" if fragment else f"#{anchor(page)}"
        target = (path.parent / unquote(file)).resolve()
        if target.suffix == ".html" and target.is_relative_to(site.resolve()):
            other = target.relative_to(site.resolve()).with_suffix("").as_posix()
            if other in printed:
                return f"#{anchor(other, fragment)}"
        return target.as_uri()

    html = re.sub(r"<[a-zA-Z][^>]*>", lambda tag: ATTRIBUTE.sub(moved, tag[0]), html)
    html = LINK_TO_A_FILE.sub(r"\1", html)  # what is not printed is a file of this machine, and no reader's
    html = re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{anchor(page, match[1])})", html)
    return f'<section class="printed-page" id="{anchor(page)}">{html}</section>'


def quizzes_on_paper(html: str) -> str:
    """Return the article with its quizzes as questions, and behind it their answers."""
    answers: list[str] = []

    def asked(match: re.Match) -> str:
        quiz = BeautifulSoup(match[0], "html.parser").find("course-quiz")
        answers.append(answer(quiz))
        return ask(quiz)

    html = QUIZ.sub(asked, html)
    if not answers:
        return html
    return f'{html}<section class="answers" id="answers"><h2>Answers to the quizzes</h2>{"".join(answers)}</section>'


def ask(quiz: Tag) -> str:
    """Return a quiz without its explanations: lettered answers, the steps of an order mixed, for a number no list."""
    shown = quiz.find(class_="quiz-answers")
    if quiz["data-kind"] == "number":
        shown.decompose()
        return str(quiz)
    items = shown.find_all("li", recursive=False)
    for why in quiz.find_all(class_="quiz-why"):
        why.extract()
    shown.name = "ol"
    shown["type"] = "A"
    shown["class"] = "quiz-answers"  # an order's list is numbered, and by its class
    shown.clear()
    shown.extend(items[place] for place in order_shown(quiz, items))
    return str(quiz)


def answer(quiz: Tag) -> str:
    """Return the right answer of a quiz and why, then what is wrong with each of the others."""
    items = quiz.find(class_="quiz-answers").find_all("li", recursive=False)
    letter = {place: chr(ord("A") + n) for n, place in enumerate(order_shown(quiz, items))}
    kind = quiz["data-kind"]
    right = [place for place, item in enumerate(items) if "quiz-right" in item.get("class", [])]
    lines = []
    for place in sorted(letter, key=lambda place: (place not in right, place)):
        label, why = (items[place].find(class_=name) for name in ("quiz-label", "quiz-why"))
        typed = label.get_text(" ", strip=True).replace("Any other number", "other")
        name = typed if kind == "number" else letter[place]
        lines.append(f"<dt>{name}</dt><dd>{why.decode_contents()}</dd>")
    heading = quiz.find(class_="quiz-title").get_text(" ", strip=True)
    link = f'<a href="#{quiz["id"]}">{heading}</a>'
    return f'<div class="answer {kind}"><p class="answer-title">{link}</p><dl>{"".join(lines)}</dl></div>'


def order_shown(quiz: Tag, items: list[Tag]) -> list[int]:
    """Return the places of the items as a reader meets them."""
    if quiz["data-kind"] == "order":
        return [int(place) for place in quiz["data-start"].split()]
    return list(range(len(items)))


def title(html: str) -> str:
    heading = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1]
    heading = re.sub(r'<a class="headerlink".*?</a>', "", heading, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", heading).split())


def contents(chapters: list[tuple[str, list[tuple[str, str]]]], numbers: dict[str, int]) -> str:
    """Return the table of contents; a page whose number is not known yet has room for it."""
    lines = []
    for caption, pages in chapters:
        lines.append(f'<p class="part">{caption}</p><ol>')
        for page, name in pages:
            number = numbers.get(anchor(page), "000")
            lines.append(
                f'<li><a href="#{anchor(page)}"><span>{name}</span><i></i><span class="number">{number}</span></a></li>'
            )
        lines.append("</ol>")
    return f'<nav class="book-contents"><h1>Contents</h1>{"".join(lines)}</nav>'


def whole_book(site: Path, numbers: dict[str, int]) -> str:
    listed = parts(site)
    printed = {"index"} | {page for _, pages in listed for page in pages}
    articles = {page: article(site, page, printed) for page in ["index", *sorted(printed - {"index"})]}
    home = (site / "index.html").read_text(encoding="utf-8")
    sheets = dict.fromkeys(
        (path.parent / sheet).resolve()
        for path in (site / f"{page}.html" for page in printed)
        for sheet in STYLES.findall(path.read_text(encoding="utf-8"))
        if "one-sheet" not in sheet
    )
    links = "".join(f'<link rel="stylesheet" href="{sheet.as_uri()}">' for sheet in sheets)
    style = Path(__file__).with_name("book.css").resolve().as_uri()
    name = title(articles["index"])
    author = re.search(r"component-author\">\s*By ([^<\n]+)", home)
    author = author[1][0].upper() + author[1][1:] if author else ""
    chapters = [(caption, [(page, title(articles[page])) for page in pages]) for caption, pages in listed]
    body = "".join(articles[page] for _, pages in listed for page in pages)
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{name}</title>{links}'
        f'<link rel="stylesheet" href="{style}"></head><body><main class="bd-content"><div class="bd-article">'
        f'<section class="title-page" id="index"><p class="book-title">{name}</p><p>{author}</p>'
        "<p>Text: CC BY 4.0. Code: MIT. The code that draws the figures is left out here; the site and the "
        "sources have it. What moves or runs on the site stands still here. The answers to a chapter’s quizzes are on "
        f"its last pages.</p></section>{contents(chapters, numbers)}{body}</div></main></body></html>"
    )


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Return {destination: page number} of a PDF as Chromium writes it: plain objects, named destinations."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    tree = next(body for body in objects.values() if b"/Type /Pages" in body and b"/Parent" not in body)

    def leaves(body: bytes) -> list[int]:
        kids = [int(kid) for kid in re.findall(rb"(\d+) 0 R", re.search(rb"/Kids \[(.*?)\]", body, re.DOTALL)[1])]
        return [leaf for kid in kids for leaf in (leaves(objects[kid]) if b"/Kids" in objects[kid] else [kid])]

    order = {page: place for place, page in enumerate(leaves(tree), start=1)}
    named = re.findall(rb"/([^\s/\[\]<>()]+) \[(\d+) 0 R /XYZ", pdf)
    return {_unescaped(name): order[int(page)] for name, page in named if int(page) in order}


def _unescaped(name: bytes) -> str:
    return re.sub(rb"#([0-9a-fA-F]{2})", lambda code: bytes([int(code[1], 16)]), name).decode("utf-8", "replace")


def count_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def make(site: Path, out: Path) -> int:
    """Write the PDF; return how many pages it has."""
    out.parent.mkdir(parents=True, exist_ok=True)
    source = out.with_suffix(".html")
    numbers: dict[str, int] = {}
    for _ in range(2):
        source.write_text(whole_book(site, numbers), encoding="utf-8")
        pdf = chromium.print_to_pdf(source, FOOTER)
        numbers = page_numbers(pdf)
    source.unlink()
    out.write_bytes(pdf)
    return count_pages(pdf)


def main() -> int:
    if not (SITE / "index.html").exists():
        print("The site is not built: run `make site` first.")
        return 2
    if chromium.program() is None:
        print("No Chromium with chromedriver here: install them to print the book (Debian: chromium chromium-driver).")
        return 2
    print(f"{make(SITE, OUT)} pages: {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
