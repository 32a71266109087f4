"""What the feedback page and the class report share: the templates, links into the book, safe writing."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import jinja2
from markupsafe import Markup

from autograder import cards, course

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["code"] = lambda text: Markup(cards.code(text))


def render(template: str, **values: object) -> str:
    """Return a page as HTML. Every value is escaped, and the page runs no script."""
    return _templates.get_template(template).render(**values)


def book_address(folder: Path) -> str:
    """Return the address of the book's chapters from a page in ``folder``, ending in "/", or "" for none."""
    if course.BOOK_ADDRESS:
        return course.BOOK_ADDRESS.rstrip("/") + "/"
    chapters = course.SITE / "book"
    if not chapters.exists():
        return ""
    return Path(os.path.relpath(chapters, folder)).as_posix() + "/"


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with written(path, text):
        pass


@contextlib.contextmanager
def written(path: Path, text: str) -> Iterator[None]:
    """Write a file aside before the block, and put it in its place after the block, if that does not fail."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        yield
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)  # there is one only if the disk is full, the place taken, or the block failed
