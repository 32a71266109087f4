"""Runs a reader's code and the check behind it; loaded into Pyodide by exercise.js.

`run` returns the verdict as a JSON text. What the code prints goes to the page as it comes.
"""

import ast
import json
import traceback

from experiments import page_checks

NAME = "your code"


def run(code: str, check: str) -> str:
    namespace = {"__name__": "__main__"}
    try:
        _execute(code, namespace)
    except BaseException as error:  # SystemExit is a reader's, too
        return _as_json("error", _traceback(error))
    found = [page_checks.Verdict("error", "The check said nothing.")]
    page_checks.report = found.append
    exec(compile(check, "check", "exec"), namespace)
    return _as_json(found[-1].kind, found[-1].text)


def _execute(code: str, namespace: dict) -> None:
    """Run the code; if its last statement is an expression, show its value, as a notebook does."""
    tree = ast.parse(code, NAME)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NAME, "exec"), namespace)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), NAME, "eval"), namespace)
        if value is not None:
            print(repr(value))


def _traceback(error: BaseException) -> str:
    """The error without the lines of this module."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == NAME]
    where = "".join(f"line {step.lineno}, in {step.name}\n" for step in steps[-5:])
    return where.replace("<module>", "your code") + "".join(traceback.format_exception_only(error)).strip()


def _as_json(kind: str, text: str) -> str:
    return json.dumps({"kind": kind, "text": str(text)})
