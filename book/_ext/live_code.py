"""Colours the cells that begin with ``%%live`` as the Python that follows; the stock lexer knows no magic of ours."""

from ipython_pygments_lexers import IPython3Lexer
from pygments.lexer import bygroups, inherit, using
from pygments.token import Operator, Text


class CourseLexer(IPython3Lexer):
    tokens = {"root": [(r"(?s)(\s*)(%%live)(\n)(.*)", bygroups(Text, Operator, Text, using(IPython3Lexer))), inherit]}


def setup(app) -> dict:
    app.add_lexer("ipython3", CourseLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
