"""What a reader has done: the scripts that keep it in the browser, and the directive ``{progress}`` that shows it.

Other extensions `register` what can be done on a page (a quiz, an exercise), so the totals are known when the book is
built. A *chapter* is a page with a section number. The scripts live outside ``html_static_path``, because Jupyter Book
loads all that it finds there on every page; here they are named on the pages that need them:

- ``store.js`` on every chapter and every page with an entry, before the scripts that use it;
- ``read.js`` on every chapter: the button "I have read this chapter" at its end;
- ``page.js`` on the page with the directive.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from contents import number, numbered_title, reading_order
from static_files import copy_static

SOURCE = Path(__file__).resolve().parent.parent / "_progress"
COLUMNS = {"quiz": "Quizzes", "exercise": "Exercises in the page"}  # kind of entry -> heading of its column
STORE_FIRST = 400  # Sphinx loads scripts in the order of these numbers; 500 is what the others have


@dataclass(frozen=True)
class Entry:
    """Something on a page that can be done; the browser keeps its state under kind, page and id."""

    kind: str
    id: str
    title: str
    anchor: str  # the HTML id on its page


def page_name(docname: str) -> str:
    """Return the name under which the browser keeps a page's states: book/1_z_scores → 1_z_scores."""
    return docname.rsplit("/", 1)[-1]


def entries(env) -> dict[str, list[Entry]]:
    """Return {docname: entries in the page's order}."""
    if not hasattr(env, "progress_entries"):
        env.progress_entries = {}
    return env.progress_entries


def register(env, docname: str, kind: str, id: str, title: str, anchor: str) -> int:
    """Note that a page has an entry, and return its number among its kind there, from 1.

    Raises ValueError if the page has one of this kind and id already.
    """
    assert kind in COLUMNS, kind
    there = entries(env).setdefault(docname, [])
    same = [entry for entry in there if entry.kind == kind]
    if any(entry.id == id for entry in same):
        raise ValueError(f"there is another {kind} with the id {id!r} on this page")
    there.append(Entry(kind, id, title, anchor))
    return len(same) + 1


def forget(app, env, docname: str) -> None:
    entries(env).pop(docname, None)


def merge(app, env, docnames, other) -> None:
    entries(env).update({name: found for name, found in entries(other).items() if name in docnames})


class progress(nodes.General, nodes.Element):
    """The place of the overview."""


class Progress(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["shows_progress"] = "yes"
        return [progress()]


def shows_progress(env, docname: str) -> bool:
    return "shows_progress" in env.metadata.get(docname, {})


def write_again(app, env) -> list[str]:
    """The overview tells of other pages, so it is written whenever one of them is."""
    return [docname for docname in env.found_docs if shows_progress(env, docname)]


def overview(app, docname: str) -> str:
    """Return the table that is read without a script; ``page.js`` fills it in."""
    env = app.env
    rows = []
    for chapter in reading_order(env):
        found = entries(env).get(chapter, [])
        if not found and not number(env, chapter):
            continue
        page = "#" if app.builder.name == "singlehtml" else app.builder.get_relative_uri(docname, chapter)
        read = ' data-chapter=""' if number(env, chapter) else ""
        cells = f'<th scope="row"><a href="{escape(page)}">{escape(numbered_title(env, chapter))}</a></th>'
        cells += "".join(_cell(page, found, kind) for kind in COLUMNS)
        rows.append(f'<tr data-page="{escape(page_name(chapter))}"{read}>{cells}</tr>')
    heads = "".join(f'<th scope="col">{label}</th>' for label in COLUMNS.values())
    return (
        '<course-progress class="progress-overview">\n'
        '<p class="progress-without">Your progress is counted by a script in your browser, and this page was opened '
        "without JavaScript. The table says what there is to do.</p>\n"
        f'<div class="progress-table"><table><thead><tr><th scope="col">Chapter</th>{heads}</tr></thead>\n<tbody>\n'
        + "\n".join(rows)
        + "\n</tbody></table></div>\n"
        "</course-progress>\n"
    )


def _cell(page: str, found: list[Entry], kind: str) -> str:
    """Return the cell with links to a page's entries of one kind, by number."""
    links = [
        f'<a href="{escape(page).rstrip("#")}#{escape(entry.anchor)}" data-id="{escape(entry.id)}" '
        f'data-name="{kind.capitalize()} {n}, {escape(entry.title)}">{n}</a>'
        for n, entry in enumerate((entry for entry in found if entry.kind == kind), start=1)
    ]
    inside = f'<span class="progress-entries">{" ".join(links)}</span>' if links else "–"
    return f'<td data-kind="{kind}" data-label="{COLUMNS[kind]}">{inside}</td>'


def fill_in(app, doctree, docname: str) -> None:
    for place in list(doctree.findall(progress)):
        html = overview(app, docname) if app.builder.format == "html" else ""
        place.replace_self(nodes.raw("", html, format="html"))


def copy_files(app) -> None:
    copy_static(app, "progress", SOURCE.iterdir())


def load_files(app, pagename, templatename, context, doctree) -> None:
    chapter, overviewed = bool(number(app.env, pagename)), shows_progress(app.env, pagename)
    if not (chapter or overviewed or entries(app.env).get(pagename)):
        return
    app.add_js_file("progress/store.js", priority=STORE_FIRST, loading_method="defer")
    if chapter or overviewed:
        app.add_css_file("progress/progress.css")
    if chapter:
        app.add_js_file("progress/read.js", loading_method="defer", **{"data-page": page_name(pagename)})
    if overviewed:
        app.add_js_file("progress/page.js", loading_method="defer")


def setup(app) -> dict:
    app.add_node(progress)
    app.add_directive("progress", Progress)
    app.connect("builder-inited", copy_files)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", write_again)
    app.connect("doctree-resolved", fill_in)
    app.connect("html-page-context", load_files)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
