"""Runs an assignment's visible checks, as the notebook has them, on the implementations: prints which ones they pass.

    python -m tests.visible_checks 1_z_scores z_scores         every right one, a wrong one of each mistake, and the harder ones
    python -m tests.visible_checks 1_z_scores z_scores --all   every wrong one, too (minutes for torch)

Several exercises may be named.

Each implementation runs in a process of its own, forked from this one, which has imported what they need.
"""

import json
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPLEMENTATIONS = ROOT / "tests" / "implementations"
SECONDS = 120
# Variants for which the first one of their mistake does not stand: a check of its own finds them.
HARDER = {
    "LayerNormFunction": {"contiguous-only__storage", "eps-fixed__second", "eps-missing__second", "global-state__eps"},
}


def main(stem: str, *words: str) -> None:
    folder = ROOT / "notebooks" / stem
    os.environ["TRITON_INTERPRET"] = "1"  # as the notebook's first cell does it
    sys.path[:0] = [str(folder)]
    os.chdir(folder)
    import checks  # noqa: F401  (of the notebook; the children find it imported)

    from autograder import exercises

    prelude = exercises.topic(stem).prelude
    chosen = [word for word in words if word != "--all"]
    print(json.dumps({exercise: _passed(stem, exercise, prelude, "--all" in words) for exercise in chosen}))


def _passed(stem: str, exercise: str, prelude: str, every: bool) -> dict[str, list[str]]:
    lines = _lines_of(ROOT / "notebooks" / stem / f"{stem}.ipynb", exercise)
    [call] = (line for line in lines if line.startswith("checks."))
    passed = {"right": [], "wrong": []}
    for kind, names in passed.items():
        files = sorted((IMPLEMENTATIONS / stem / exercise / kind).glob("*.py"), key=lambda path: path.stem)
        if kind == "wrong" and not every:
            first = {path.stem.partition("__")[0]: path for path in reversed(files)}
            files = [path for path in files if path in first.values() or path.stem in HARDER.get(exercise, ())]
        names += [path.stem for path in files if _passes(path, prelude, call)]
    return passed


def _lines_of(notebook: Path, cell: str) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    [found] = (c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == cell)
    return "".join(found["source"]).splitlines()


def _passes(path: Path, prelude: str, call: str) -> bool:
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    signal.alarm(SECONDS)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        names: dict = {"__name__": "__main__"}
        exec(compile("import checks\n" + prelude, "<prelude>", "exec"), names)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
        exec(call, names)
    except BaseException:
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
