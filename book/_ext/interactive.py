"""The directive ``{interactive} name``: a figure to play with, and the text that stands in for it.

The page gets a custom element ``<ix-name>`` around the directive's body. Where JavaScript runs, ``name.js`` from
``book/_interactive`` puts the figure in the body's place; anywhere else, and in print, the body is read as it stands.
The scripts and the style sheet live outside ``html_static_path``, because Jupyter Book loads all that it finds there
on every page: here they are copied by hand, and named on the pages that have a figure.

A figure that draws measurements names a stored experiment with the option ``:data:``. The result of
``book/experiments/results/<data>.json`` then stands in the page, as JSON that only the figure's script reads.

Words of the text can set a figure of the same page: ``{play}`five marks alike <scores marks=[60,60,60,60,60]>```. Where
the figure is drawn they become a button; anywhere else they are words. Values are JSON or plain words.
"""

import json
import shlex
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from static_files import copy_static

SOURCE = Path(__file__).resolve().parent.parent / "_interactive"
RESULTS = SOURCE.parent / "experiments" / "results"
SHARED = ["kit.js", "interactive.css"]
logger = logging.getLogger(__name__)


def names() -> list[str]:
    return sorted(path.stem for path in SOURCE.glob("*.js") if path.name not in SHARED)


def stored_result(name: str) -> str:
    """Return a stored experiment's result as compact JSON that can't end the element it stands in."""
    result = json.loads((RESULTS / f"{name}.json").read_text())["result"]
    return json.dumps(result, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


class interactive(nodes.General, nodes.Element):
    """The body of a figure; ``name`` says which, ``data`` is its JSON or empty."""


class Interactive(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec = {"data": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        name = self.arguments[0]
        if name not in names():
            raise self.error(f"no interactive figure is called {name!r}; there are: {', '.join(names())}")
        for file in (f"{name}.js", *SHARED):
            self.env.note_dependency(str(SOURCE / file))
        data = self.options.get("data", "")
        if data:
            path = RESULTS / f"{data}.json"
            if not path.is_file():
                stored = ", ".join(sorted(found.stem for found in RESULTS.glob("*.json")))
                raise self.error(f"no stored result is called {data!r}; there are: {stored}")
            self.env.note_dependency(str(path))
        node = interactive(name=name, data=data and stored_result(data))
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class phrase(nodes.Inline, nodes.TextElement):
    """Words that set the figure ``figure`` to ``state``, which is JSON."""


class Play(ReferenceRole):
    def run(self) -> tuple[list[nodes.Node], list]:
        figure, *values = shlex.split(self.target) or [""]
        if not (self.has_explicit_title and values and all("=" in value for value in values)):
            message = self.inliner.reporter.error(f"write {{play}}`words <figure name=value …>`, not {self.text!r}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        state = {name: word_or_json(value) for name, value in (value.split("=", 1) for value in values)}
        node = phrase(self.rawtext, self.title, figure=figure, state=json.dumps(state))
        self.set_source_info(node)
        return [node], []


def word_or_json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def warn_of_words_without_a_figure(app, doctree) -> None:
    there = {node["name"] for node in doctree.findall(interactive)}
    for node in doctree.findall(phrase):
        if node["figure"] not in there:
            logger.warning("no interactive figure %r stands on this page for %r", node["figure"], node.astext(), location=node)


def open_phrase(translator, node) -> None:
    translator.body.append(translator.starttag(node, "span", "", **{"data-figure": node["figure"], "data-state": node["state"]}))


def close_phrase(translator, node) -> None:
    translator.body.append("</span>")


def open_element(translator, node) -> None:
    translator.body.append(f'<ix-{node["name"]} class="interactive">\n')
    if node["data"]:
        translator.body.append(f'<script type="application/json">{node["data"]}</script>\n')


def close_element(translator, node) -> None:
    translator.body.append(f'</ix-{node["name"]}>\n')


def only_the_body(translator, node) -> None:
    pass


def copy_files(app) -> None:
    copy_static(app, "interactive", (path for path in SOURCE.iterdir() if path.suffix in {".js", ".css"}))


def load_files(app, pagename, templatename, context, doctree) -> None:
    used = sorted({node["name"] for node in doctree.findall(interactive)}) if doctree else []
    if used:
        app.add_css_file("interactive/interactive.css")
        for name in ["kit", *used]:
            app.add_js_file(f"interactive/{name}.js", loading_method="defer")


def setup(app) -> dict:
    plain = (only_the_body, only_the_body)
    app.add_node(interactive, html=(open_element, close_element), latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_node(phrase, html=(open_phrase, close_phrase), latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_directive("interactive", Interactive)
    app.add_role("play", Play())
    app.connect("doctree-read", warn_of_words_without_a_figure)
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", load_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
