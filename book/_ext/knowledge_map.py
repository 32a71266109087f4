"""The directives ``{learn}`` and ``{knowledge-map}``: what a chapter needs, what it unlocks, and all of it as a picture.

A chapter says what to learn before it, and which glossary entries it explains first::

    :::{learn}
    :before: 1_z_scores, 2_layernorm_forward
    :introduces: Jacobian, gradient check
    :::

What it unlocks follows from what the others need. The map draws each chapter as a box, in layers: a box stands below
all that it needs. These are warnings, with the file and line of the directive or the word:

- a circle of chapters that need each other;
- a chapter to learn before that is no page of the contents; a term that is no entry of the glossary;
- a term introduced by two chapters;
- a term used before it is introduced. A *use* is the role ``{term}`` in a chapter with a ``{learn}``: the term must be
  introduced there or in a chapter that it needs, directly or through others. A bare word is not a use, for a look ahead
  ("chapter 5 calls this pre-norm") is allowed. A term that no chapter introduces is common to all.
"""

from dataclasses import dataclass, field
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from contents import number, numbered_title, reading_order
from map_layout import draw, layers, without_shortcuts
from static_files import copy_static

logger = logging.getLogger(__name__)
STYLE = Path(__file__).parent / "knowledge-map.css"


@dataclass(frozen=True)
class Chapter:
    """What a page declares; ``before`` holds names of pages, ``introduces`` entries of the glossary."""

    line: int
    before: tuple[str, ...] = ()
    introduces: tuple[str, ...] = ()


@dataclass
class Course:
    """All chapters of the map by the names of their pages, and each page's uses of terms with their lines."""

    chapters: dict[str, Chapter] = field(default_factory=dict)
    uses: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    written: str = ""  # what the pages showed of all this when they were written last

    def pages(self) -> list[str]:
        """The chapters, and those that they need."""
        return list(dict.fromkeys([*self.chapters, *(page for one in self.chapters.values() for page in one.before)]))

    def before(self) -> dict[str, tuple[str, ...]]:
        return {page: self.chapters[page].before if page in self.chapters else () for page in self.pages()}

    def unlocks(self, page: str) -> list[str]:
        return [other for other, chapter in self.chapters.items() if page in chapter.before]

    def needed(self, page: str) -> set[str]:
        """All that ``page`` needs, directly or through others."""
        found, open_ = set(), [page]
        while open_:
            for other in self.before().get(open_.pop(), ()):
                if other not in found:
                    found.add(other)
                    open_.append(other)
        return found


def course(env) -> Course:
    if not hasattr(env, "course"):
        env.course = Course()
    return env.course


class learn(nodes.General, nodes.Element):
    """Where a chapter's three lines are to stand."""


class knowledge_map(nodes.General, nodes.Element):
    """Where the picture and its list are to stand."""


def names(argument: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(name.split()) for name in argument.split(",") if name.strip()))


class Learn(SphinxDirective):
    option_spec = {"before": names, "introduces": names}

    def run(self) -> list[nodes.Node]:
        page = self.env.docname
        if page in course(self.env).chapters:
            raise self.error("a chapter has one {learn}")
        folder = page.rpartition("/")[0]
        before = tuple(f"{folder}/{stem}".strip("/") for stem in self.options.get("before", ()))
        course(self.env).chapters[page] = Chapter(self.lineno, before, self.options.get("introduces", ()))
        return [learn()]


class KnowledgeMap(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [knowledge_map()]


# Reading and checking


def note_uses(app, doctree) -> None:
    course(app.env).uses[app.env.docname] = [
        (reference["reftarget"], nearest_line(reference))
        for reference in doctree.findall(addnodes.pending_xref)
        if reference.get("reftype") == "term"
    ]


def nearest_line(node: nodes.Node) -> int:
    while node.line is None and node.parent is not None:
        node = node.parent
    return node.line or 1


def forget(app, env, page: str) -> None:
    course(env).chapters.pop(page, None)
    course(env).uses.pop(page, None)


def merge(app, env, pages, other) -> None:
    for page in set(pages) & set(course(other).chapters):
        course(env).chapters[page] = course(other).chapters[page]
    for page in set(pages) & set(course(other).uses):
        course(env).uses[page] = course(other).uses[page]


def check(app, env) -> None:
    """Warn about all that is wrong with the course's order; see the head of this module."""
    found = course(env)
    entries = {name.lower() for kind, name in env.get_domain("std").objects if kind == "term"}
    introduced: dict[str, str] = {}
    for page, chapter in found.chapters.items():
        place = (page, chapter.line)
        for other in chapter.before:
            if other not in env.found_docs:
                warn(f"to be learnt before this chapter, and no page: {other}", place)
        for term in chapter.introduces:
            if term.lower() not in entries:
                warn(f"introduced here, and no entry of the glossary: {term}", place)
            if term.lower() in introduced:
                warn(f"introduced here and in {introduced[term.lower()]}: {term}", place)
            introduced[term.lower()] = page
        if page in found.needed(page):
            warn("this chapter is needed before itself: " + " → ".join(circle(found, page)), place)
    for page in found.chapters:
        known = found.needed(page) | {page}
        for term, line in found.uses.get(page, []):
            source = introduced.get(term.lower())
            if source and source not in known:
                warn(f"used before it is introduced, in {source}: {term}", (page, line))


def warn(message: str, place: tuple[str, int]) -> None:
    logger.warning(message, location=place, type="knowledge_map")


def circle(found: Course, page: str) -> list[str]:
    """A shortest way from ``page`` back to itself, each before the next."""
    ways = [[page]]
    for way in ways:  # grows while it is read
        for other in found.unlocks(way[-1]):
            if other == page:
                return [*way, page]
            if other not in way:
                ways.append([*way, other])
    raise ValueError(f"{page} lies on no circle")


# Writing


class ShowOrder(SphinxPostTransform):
    """Fills in the chapters' lines and the map, when all pages are read and before references are resolved."""

    default_priority = 4

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(learn)):
            node.replace_self(three_lines(self.env, self.env.docname))
        for node in list(self.document.findall(knowledge_map)):
            node.replace_self(self.map())

    def map(self) -> list[nodes.Node]:
        found = course(self.env)
        if any(page in found.needed(page) for page in found.pages()):
            return []  # a circle has no layers; `check` has warned
        order = reading_order(self.env)
        pages = sorted((page for page in found.pages() if page in order), key=order.index)
        before = {page: [other for other in found.before()[page] if other in pages] for page in pages}
        address = self.app.builder.get_relative_uri
        boxes = {}
        for page in pages:
            small = f"Chapter {number(self.env, page)}" if number(self.env, page) else ""
            boxes[page] = (small, self.env.titles[page].astext(), address(self.env.docname, page))
        svg = draw(boxes, without_shortcuts(before), layers(before))
        return [nodes.raw("", svg, format="html"), in_words(self.env, pages)]


def in_words(env, pages: list[str]) -> nodes.Node:
    """The picture as a list: each chapter with its three lines."""
    items = nodes.definition_list(classes=["map-in-words"])
    for page in pages:
        term = nodes.term("", "", page_link(env, page))
        items += nodes.definition_list_item("", term, nodes.definition("", three_lines(env, page)))
    return items


def three_lines(env, page: str) -> nodes.Node:
    found = course(env)
    chapter = found.chapters.get(page, Chapter(1))
    order = reading_order(env)
    unlocked = sorted((other for other in found.unlocks(page) if other in order), key=order.index)
    lines = {
        "Needs": [page_link(env, other) for other in chapter.before if other in env.titles],
        "Unlocks": [page_link(env, other) for other in unlocked],
        "Introduces": [term_link(env, term) for term in chapter.introduces],
    }
    listed = nodes.bullet_list(classes=["learn", "simple"])
    for name, links in lines.items():
        words = nodes.paragraph("", "", nodes.strong("", f"{name}: "))
        for place, link in enumerate(links):
            words += ([nodes.Text(", ")] if place else []) + [link]
        if name == "Needs" and not links:
            words += nodes.Text("school mathematics and some Python")
        if len(words) > 1:
            listed += nodes.list_item("", words)
    return listed


def page_link(env, page: str) -> nodes.Node:
    link = addnodes.pending_xref(refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=True, refwarn=True)
    link["refdoc"] = env.docname
    link += nodes.inline("", numbered_title(env, page))
    return link


def term_link(env, term: str) -> nodes.Node:
    link = addnodes.pending_xref(refdomain="std", reftype="term", reftarget=term, refexplicit=False, refwarn=False)
    link["refdoc"] = env.docname
    link += nodes.inline("", term.replace("'", "’"))
    return link


def rewrite(app, env) -> list[str]:
    """A page shows what other pages declare: write it again when that has changed."""
    found = course(env)
    titles = {page: numbered_title(env, page) for page in found.pages() if page in env.titles}
    state = repr((sorted(found.chapters.items()), titles))
    if found.written == state:
        return []
    found.written = state
    return [page for page in env.found_docs if page in found.chapters or page.endswith("knowledge_map")]


def copy_style(app) -> None:
    copy_static(app, "map", [STYLE])


def load_style(app, pagename, templatename, context, doctree) -> None:
    if 'class="knowledge-map"' in context.get("body", ""):
        app.add_css_file("map/knowledge-map.css")


def setup(app) -> dict:
    app.add_node(learn)
    app.add_node(knowledge_map)
    app.add_directive("learn", Learn)
    app.add_directive("knowledge-map", KnowledgeMap)
    app.add_post_transform(ShowOrder)
    app.connect("doctree-read", note_uses)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-check-consistency", check)
    app.connect("env-updated", rewrite)
    app.connect("builder-inited", copy_style)
    app.connect("html-page-context", load_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
