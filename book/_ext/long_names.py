"""Lets a long name in the text go on in the next line at a joint: behind a slash or comma, before a dot, behind _.

Each kind of joint is for what the kind before it leaves long.

Without one a browser breaks it wherever the line ends: on a phone a path left its last letter for the next line.
And a short word stays whole, which a browser breaks behind its hyphens: an option, 1e-8, axis=-1.
"""

import re

LONG = 18
NAME = re.compile(rf'(<span class="pre">)([^<\s]{{{LONG},}})(</span>)')
JOINTS = re.compile(r"(?<=[\w;][/,])(?=[\w&])"), re.compile(r"(?<=[\w)]{4})(?=\.[A-Za-z])"), re.compile(r"(?<=[^\W_]_)(?=[^\W_])")
HYPHENED = re.compile(r'<span class="pre">(?=[^<\s]{2,21}<)(?=[^<]*-[^<]*\w)')


def with_joints(html: str) -> str:
    html = HYPHENED.sub('<span class="pre unbroken">', html)
    return NAME.sub(lambda name: name[1] + jointed(name[2]) + name[3], html)


def jointed(name: str) -> str:
    joint = next((joint for joint in JOINTS if joint.search(name)), None)
    if not joint:
        return name
    return "<wbr>".join(jointed(part) if len(part) >= LONG else part for part in joint.split(name))


def add_joints(app, pagename, templatename, context, doctree) -> None:
    if "body" in context:
        context["body"] = with_joints(context["body"])


def setup(app) -> dict:
    app.connect("html-page-context", add_joints)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
