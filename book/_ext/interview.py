"""The directives ``{interview}``, a question of a chapter's checklist, and ``{interview-bank}``, all of them on one page.

A question is written once, in its chapter::

    ::::{interview} Where does ε go?
    :level: core

    - inside the root
    - a test on which it shows

    The model answer.
    ::::

The bulleted list at the head says what a strong answer contains; the rest is the model answer. Both are folded away.
The bank copies the questions of every page in the order of the contents. A small script lets the reader choose a
chapter and a level; without it the bank is the whole list.
"""

from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from contents import numbered_title, reading_order, stem
from static_files import copy_static

LEVELS = ("warm-up", "core", "deep")
POINTS = range(2, 6)  # how many points a strong answer has
FILES = [Path(__file__).parent / name for name in ("interview.css", "interview-bank.js")]


class interview(nodes.General, nodes.Element):
    """``level``; its children are the question, then two folds."""


class interview_question(nodes.Part, nodes.TextElement):
    """The question in words."""


class interview_fold(nodes.Part, nodes.Element):
    """``title`` and what is folded away under it."""


class interview_bank(nodes.General, nodes.Element):
    """Where the questions are to stand."""


def level(argument: str) -> str:
    return directives.choice(argument, LEVELS)


class Interview(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"level": level}

    def run(self) -> list[nodes.Node]:
        if "level" not in self.options:
            raise self.error(f"say the level of this question: {', '.join(LEVELS)}")
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        points, *answer = body.children or [None]
        if not isinstance(points, nodes.bullet_list) or len(points) not in POINTS or not answer:
            raise self.error("a question's body is a list of 2 to 5 points, then the model answer")
        if any(node.get("ids") for part in body for node in part.findall(nodes.Element)):
            raise self.error("the bank copies this answer: a label in it would stand for two places")
        words, messages = self.state.inline_text(self.arguments[0], self.lineno)
        number = self.env.new_serialno("interview") + 1
        node = interview(level=self.options["level"], ids=[f"interview-{stem(self.env.docname)}-{number}"])
        node += interview_question("", "", *words, level=self.options["level"])
        node += interview_fold("", points, title="What a strong answer contains")
        node += interview_fold("", *answer, title="Model answer")
        self.set_source_info(node)
        return [node, *messages]


class InterviewBank(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.interview_bank = self.env.docname
        return [interview_bank()]


class GatherQuestions(SphinxPostTransform):
    """Puts a copy of every question in the bank's place, before the references in them are resolved."""

    default_priority = 4

    def run(self, **kwargs) -> None:
        for bank in list(self.document.findall(interview_bank)):
            parts = [part for page in reading_order(self.env) if (part := chapter_part(self.env, page))]
            for reference in (found for part in parts for found in part.findall(addnodes.pending_xref)):
                reference["refdoc"] = self.env.docname
            count = sum(1 for part in parts for _ in part.findall(interview))
            status = f'<p role="status">{count} questions</p>'
            status = f'<div class="interview-filter" data-levels="{" ".join(LEVELS)}">{status}</div>'
            bank.replace_self([nodes.raw("", status, format="html"), *parts])


def chapter_part(env, page: str) -> nodes.section | None:
    """Return a section with copies of the questions of ``page``, or None if it asks none."""
    questions = [node.deepcopy() for node in env.get_doctree(page).findall(interview)]
    if not questions:
        return None
    part = nodes.section(ids=[f"questions-{stem(page)}"], classes=["interview-chapter"])
    link = addnodes.pending_xref(refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=True, refwarn=True)
    link += nodes.inline("", numbered_title(env, page))
    part += nodes.title("", "", link)
    for question in questions:
        question["ids"] = []  # they stay in the chapter
    part += questions
    return part


# Writing


def open_interview(writer, node: interview) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS="interview", **{"data-level": node["level"]}))


def close_interview(writer, node: interview) -> None:
    writer.body.append("</div>\n")


def open_question(writer, node: interview_question) -> None:
    writer.body.append('<h3 class="interview-question">')


def close_question(writer, node: interview_question) -> None:
    writer.body.append(f'</h3>\n<p class="interview-level">Level: {node["level"]}</p>\n')


def open_fold(writer, node: interview_fold) -> None:
    writer.body.append(f'<details class="interview-fold"><summary>{escape(node["title"])}</summary>\n<div>\n')


def close_fold(writer, node: interview_fold) -> None:
    writer.body.append("</div></details>\n")


def copy_files(app) -> None:
    copy_static(app, "interview", FILES)


def load_files(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    if 'class="interview"' in body:
        app.add_css_file("interview/interview.css")
    if 'class="interview-filter"' in body:
        app.add_js_file("interview/interview-bank.js", loading_method="defer")


def rewrite_bank(app, env) -> list[str]:
    """The bank changes with any chapter; it is one page, so it is written at every build."""
    return [page for page in [getattr(env, "interview_bank", None)] if page in env.all_docs]


def setup(app) -> dict:
    app.add_node(interview, html=(open_interview, close_interview))
    app.add_node(interview_question, html=(open_question, close_question))
    app.add_node(interview_fold, html=(open_fold, close_fold))
    app.add_directive("interview", Interview)
    app.add_directive("interview-bank", InterviewBank)
    app.add_post_transform(GatherQuestions)
    app.connect("builder-inited", copy_files)
    app.connect("env-updated", rewrite_bank)
    app.connect("html-page-context", load_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
