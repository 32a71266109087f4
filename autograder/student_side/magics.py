"""IPython's own lines in a cell: magics, shell commands, questions."""

import re

_LINE = re.compile(r"^(\s*)(?:%{1,2}[A-Za-z]|!(?!=)|\?|[A-Za-z_][\w.]*\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"^([\w\s.,]+=\s*)(?=[%!][A-Za-z])")


def without_magics(source: str) -> str:
    """Turn IPython's own lines (%, ! and ?) into ones that do nothing: there is no shell here."""
    lines, goes_on = [], False
    for line in source.split("\n"):
        without = f"# {line}" if goes_on else _without(line)
        goes_on = without != line and line.rstrip().endswith("\\")
        lines.append(without)
    return "\n".join(lines)


def _without(line: str) -> str:
    line = _ASSIGNED.sub(r"\1None  # ", line)
    return _LINE.sub(r"\1pass  # \g<0>", line)
