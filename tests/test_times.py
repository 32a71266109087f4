"""A time is read as it was meant, with its zone and its half of the day, or refused."""

import pytest

from autograder import exercises, times


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-03-01 11:59 UTC", "2026-03-01 11:59:00"),
        ("2026-03-01 11:59:30.123456 UTC", "2026-03-01 11:59:30.123456"),
        ("2026-03-01 11:59", "2026-03-01 11:59:00"),
        ("2026-03-01", "2026-03-01 00:00:00"),
        ("20260301T115900Z", "2026-03-01 11:59:00"),
        ("2026-03-01T13:30:00+02:00", "2026-03-01 11:30:00"),
        ("2026-03-01 13:30 +0200", "2026-03-01 11:30:00"),
        ("2026-03-01 13:30 +02:00", "2026-03-01 11:30:00"),
        ("2026-03-01 13:30 -0500", "2026-03-01 18:30:00"),
        ("2026-03-01 13:30 UTC+2", "2026-03-01 11:30:00"),
        ("2026-03-01 13:30 EST", "2026-03-01 18:30:00"),
        ("2026-07-01 13:30 Europe/Berlin", "2026-07-01 11:30:00"),
        ("2026-03-01 11:59 PM", "2026-03-01 23:59:00"),
        ("Sunday, 1 March 2026, 11:59 PM", "2026-03-01 23:59:00"),
        ("13.3.2026 11:59", "2026-03-13 11:59:00"),
    ],
)
def test_a_time_is_read_as_it_was_meant(text, expected):
    assert str(times.read_utc(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["1.3.2026 11:59", "11:59", "March 2026", "2026-07-01 13:30 ABCT", "2026-07-01 13:30 No/Where", "2026-03-01 11:59 +9999",
     "2026-03-01 25:00", "1772366340", "9" * 100, "tomorrow", "", "2026-03-01 11:59 ../../etc/localtime"],
)  # fmt: skip
def test_what_can_not_be_read_without_a_doubt_is_refused(text):
    with pytest.raises(ValueError, match="write it as 2026-03-01 11:59 UTC"):
        times.read_utc(text)


def test_nbgraders_own_commands_read_a_date_that_way(course, tmp_path):
    mine, stem = course.copy(tmp_path / "course"), exercises.stems()[0]
    mine.run("nbgrader", "db", "assignment", "add", stem, "--duedate", "2026-03-01 13:30 +0200")
    assert f"{stem} (due: 2026-03-01 11:30:00)" in mine.run("nbgrader", "db", "assignment", "list").stdout
    done = mine.run("nbgrader", "db", "assignment", "add", stem, "--duedate", "1.3.2026 13:30", good=False)
    assert done.returncode != 0 and "more than one day is possible" in done.stderr
