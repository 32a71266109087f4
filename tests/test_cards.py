"""A card tells each cause once, and nothing of it is taken for HTML."""

import re
from dataclasses import replace

from autograder import cards
from autograder.exercise import Verdict


def failed(check: str, message: str, advice: str = "", misconception: str | None = None) -> Verdict:
    hint = f"{message} {advice}".rstrip()
    return Verdict("f", check, check, False, 0.0, 1.0, misconception, hint, "1_z_scores.html#spread", message)


def hints(*verdicts: Verdict) -> list[str]:
    return [re.sub("<[^>]+>", "", found) for found in re.findall("<span class='hint'>(.*?)</span>", cards.html(verdicts, "book/"))]


def test_a_cause_is_told_once_and_what_was_found_each_time():
    told = hints(*(failed(size, f"For {size}: found {size}.", "Divide by n.", "ddof-1") for size in ("two", "three")))
    assert told == ["For two: found two. Divide by n. Read the section", "For three: found three. The cause is the same as above."]


def test_of_two_mistakes_both_are_linked_and_a_new_one_is_told():
    one = failed("two", "For two: found two.", "Divide by n.", "ddof-1")
    both = replace(failed("three", "For three: found three.", "Two mistakes.", "ddof-1"), second="eps-missing", second_section="2.html#epsilon")
    again = replace(both, hint="For four: found four. Two mistakes.", message="For four: found four.")
    told = hints(one, both, again)
    assert told[1] == "For three: found three. Two mistakes. Read the section on the one and on the other"
    assert told[2] == "For four: found four. The cause is the same as above."
    assert "book/2.html#epsilon" in cards.html([both], "book/")


def test_an_error_of_the_cell_is_told_once():
    told = hints(*(failed(size, f"For {size}: `f` is not defined.") for size in ("two", "three")))
    assert told == ["For two: f is not defined. Read the section", "For the same reason as above."]


def test_nothing_is_taken_for_html():
    page = cards.html([failed("<b>", "For x: `<script>alert(1)</script>` & more.")], "book/")
    assert "&lt;b&gt;" in page and "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code> &amp; more" in page
