"""The built site as tests read it: every page, with what it links, loads, names and says."""

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parents[2] / "_build" / "html"

LOADS = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data")}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Relations of <link> that a browser does not fetch.
NOT_LOADED = {"canonical", "index", "search", "next", "prev", "author", "copyright", "license"}


def need_site() -> None:
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built: run `make site` first", allow_module_level=True)


@dataclass
class Page(HTMLParser):
    path: Path
    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    unnamed_figures: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []  # tag, whether it hides its content from screen readers
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.classes.update(given.get("class", "").split())
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        for name in ("src", "href", "data"):
            if (tag, name) in LOADS and given.get(name) and not set(given.get("rel", "").split()) & NOT_LOADED:
                self.loads.append(given[name])
        if tag == "meta" and "content" in given:
            self.meta[given.get("name") or given.get("property", "")] = given["content"]
        # alt="" marks an ornament, which is right for the mark in the sidebar only.
        if tag == "img" and not given.get("alt") and "logo__image" not in given.get("class", ""):
            self.unnamed_figures.append(given.get("src", ""))
        hidden = given.get("aria-hidden") == "true" or bool(self._open and self._open[-1][1])
        if tag == "svg" and not hidden and not (given.get("role") in ("img", "group") and given.get("aria-label")):
            self.unnamed_figures.append(self.get_starttag_text() or "")
        if tag not in VOID:
            self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._tags():
            while self._open.pop()[0] != tag:
                pass

    def _tags(self) -> set[str]:
        return {tag for tag, _ in self._open}

    def handle_data(self, data: str) -> None:
        tags = self._tags()
        if "title" in tags and "svg" not in tags:
            self.title += data
        elif not tags & {"script", "style"}:
            self.words.append(data)

    @property
    def name(self) -> str:
        return self.path.relative_to(SITE).as_posix()

    @property
    def text(self) -> str:
        return " ".join(self.words)


@cache
def pages() -> dict[Path, Page]:
    paths = [path for path in sorted(SITE.rglob("*.html")) if "_static" not in path.relative_to(SITE).parts]
    return {path: Page(path) for path in paths}


def is_external(address: str) -> bool:
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme in ("http", "https", "ftp")


def target(page: Page, address: str) -> tuple[Path, str]:
    """Return the file that a relative address names, and the anchor in it."""
    parts = urlsplit(address)
    path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    return path, unquote(parts.fragment)
