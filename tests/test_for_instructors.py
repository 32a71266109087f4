"""The instructor's chapter says what is so: its limits are the judge's, its commands exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import sandbox, student, submission
from autograder.limits import Limits
from autograder.student_side import runner, wire

ROOT = Path(__file__).parent.parent
CHAPTER = (ROOT / "book" / "for_instructors.md").read_text()


def test_the_limits_are_the_judges():
    rows = re.findall(r"^\| ([\d.,]+)&nbsp;(s|MiB) \|.*\| `(\w+)` \|$", CHAPTER, re.MULTILINE)
    told = {name: float(number.replace(",", "")) * (2**20 if unit == "MiB" else 1) for number, unit, name in rows}
    assert told == vars(Limits())


@pytest.mark.parametrize("text", ["3", "{", '{"call_seconds": "5"}', '{"memory_bytes": 1e9}', '{"cell_seconds": -1}', '{"calls": 5}'])
def test_limits_that_make_no_sense_are_refused_in_one_line(text):
    command = [sys.executable, "-m", "autograder", "grade", "1_z_scores"]
    env = {**os.environ, "COURSE_LIMITS": text}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "COURSE_LIMITS can't be used" in done.stderr and "Traceback" not in done.stderr


def test_the_fixed_limits_are_the_judges():
    rows = re.findall(r"^\| ([\d,]+)(&nbsp;[KM]iB)? \|.*\| `(\w+)\.(\w+)` \|$", CHAPTER, re.MULTILINE)
    assert len(rows) >= 10
    modules = {module.__name__.rpartition(".")[2]: module for module in (runner, sandbox, student, submission, wire)}
    for number, unit, module, name in rows:
        size = {"": 1, "&nbsp;KiB": 2**10, "&nbsp;MiB": 2**20}[unit]
        assert int(number.replace(",", "")) * size == getattr(modules[module], name), name


def test_every_command_of_ours_exists():
    pages = [CHAPTER, (ROOT / "book" / "how_to_use.md").read_text(), (ROOT / "README.md").read_text()]
    commands = {name for page in pages for name in re.findall(r"python -m autograder (\w+)", page)}
    options = set(re.findall(r"`(--(?:student|workers|json|scheduler|trust-submissions))`", CHAPTER))
    assert commands and options
    known = subprocess.run([sys.executable, "-m", "autograder", "grade", "--help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert all(option in known for option in options)
    for command in commands:
        done = subprocess.run([sys.executable, "-m", "autograder", command, "--help"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, command


def test_the_platforms_patterns_fit_their_archives():
    shown = re.findall(r"^(\w+)\n    (.+\.ipynb)\n    (.+)$", CHAPTER, re.MULTILINE)
    assert [platform for platform, *_ in shown] == ["Moodle", "Canvas", "Blackboard"]
    for (_, file, pattern), mia in zip(shown, ["Mia Klein", "kleinmia", "mklein"]):
        for name in (file, file.replace("LATE_", ""), file.replace("file/1", "file_/1"), file.replace("file/1", "file_1")):
            found = re.match(pattern, f"/class_1_2/{name}").groupdict()
            assert (found["student_id"], found["file_id"]) == (mia, "1_z_scores")
            assert found.get("timestamp") in (None, "2026-03-01-11-59-30")


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text()
    pages = [ROOT / "README.md", ROOT / "index.md", *(ROOT / "book").glob("*.md")]
    named = {target for page in pages for target in re.findall(r"`(?:\w+=\S+ )?make ([\w-]+)", page.read_text())}
    assert len(named) > 8
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    assert named <= set(phony) and all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in phony)
