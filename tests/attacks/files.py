"""Submissions whose files are not what they seem: links, pipes, devices, odd names, broken notebooks."""

import json
import os
import shutil
import socket
from pathlib import Path

from tests.attacks.reading import PEER
from tests.attacks.rows import ALL, STEM, Make, Place, Row, data

FLOOD = 2**33


def instead(put) -> Make:
    """Put something in the notebook's place; ``put`` gets (the place, its path)."""
    return lambda place: put(place, place.path)


def beside(name: str, put) -> Make:
    """A solved notebook with something beside it."""

    def make(place: Place) -> None:
        place.write(place.solved())
        put(place, place.folder / name)

    return make


def link_to(target):
    return lambda place, path: path.symlink_to(target(place))


def text(content: str):
    return lambda place, path: path.write_text(content)


def hard_link(target):
    return lambda place, path: os.link(target(place), path)


def peers(place: Place) -> Path:
    return place.root / "grading" / "submitted" / PEER / STEM / f"{STEM}.ipynb"


def secret(place: Place) -> Path:
    return place.root / "grading" / "course_secret"


def gradebook(place: Place) -> Path:
    return place.root / "grading" / "gradebook.db"


def pipe(place: Place, path: Path) -> None:
    os.mkfifo(path)


def waiting_socket(place: Place, path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # an address has room for a short name only
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def giant(place: Place, path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(FLOOD)


def folder_is_a_link(place: Place) -> None:
    place.folder.rmdir()
    place.folder.symlink_to(peers(place).parent)


def student_is_a_link(place: Place) -> None:
    student = place.folder.parent
    shutil.rmtree(student)
    student.symlink_to(peers(place).parent.parent)


def student_is_a_file(place: Place) -> None:
    student = place.folder.parent
    shutil.rmtree(student)
    student.write_text("x")


def folder_is_a_file(place: Place) -> None:
    place.folder.rmdir()
    place.folder.write_text("x")


def other_name(name: bytes) -> Make:
    return lambda place: Path(os.fsdecode(os.fsencode(place.folder) + b"/" + name)).write_text("{}") and None


def solved_and(change) -> Make:
    """The text of a solved notebook, changed."""
    return lambda place: place.path.write_bytes(change(json.dumps(place.solved()))) and None


ROWS = (
    Row("link_to_a_peer", instead(link_to(peers)), tells="opened as an ordinary file"),
    Row("link_to_the_secret", instead(link_to(secret)), tells="opened as an ordinary file"),
    Row("link_to_zeros", instead(link_to(lambda place: "/dev/zero")), tells="opened as an ordinary file"),
    Row("link_to_itself", instead(link_to(lambda place: place.path)), tells="opened as an ordinary file"),
    Row("link_to_nothing", instead(link_to(lambda place: "/nowhere")), tells="opened as an ordinary file"),
    Row("hard_link_to_the_secret", instead(hard_link(secret)), tells="not a Jupyter notebook"),
    Row("hard_link_to_the_gradebook", instead(hard_link(gradebook)), tells="not a Jupyter notebook"),
    Row("pipe", instead(pipe), tells="not an ordinary file"),
    Row("socket", instead(waiting_socket), tells="ordinary file"),
    Row("folder", instead(lambda place, path: path.mkdir()), tells="not an ordinary file"),
    Row("giant", instead(giant), tells="the limit is"),
    Row("folder_is_a_link_to_a_peers", folder_is_a_link, tells="is a link"),
    Row("folder_is_a_file", folder_is_a_file, tells="opened as an ordinary file|Nothing was handed in"),
    Row("student_is_a_link_to_a_peer", student_is_a_link, absent=True),
    Row("student_is_a_file", student_is_a_file, absent=True),
    Row("nothing_handed_in", lambda place: place.folder.rmdir(), tells="Nothing was handed in"),
    Row("another_name", other_name(b"Untitled.ipynb"), tells="rename it"),
    Row("name_is_not_text", other_name(b"\xff\xfe.ipynb"), tells="rename it"),
    Row("name_has_lines_and_tags", other_name(b"a\n<b>\x1b[2J'\".ipynb"), tells="rename it"),
    Row("no_bytes", data(b""), tells="The file is empty"),
    Row("not_json", data(b"\x89PNG\r\n\x1a\n" + bytes(1000)), tells="not a Jupyter notebook"),
    Row("deep_json", data(b"[" * 500_000 + b"]" * 500_000), tells="not a Jupyter notebook"),
    Row("deep_objects", data(b'{"cells":' * 200_000 + b"1" + b"}" * 200_000), tells="not a Jupyter notebook"),
    Row("a_list", data(b"[]"), tells="no list of cells"),
    Row("a_number", data(b"9" * 100_000), tells="not a Jupyter notebook"),
    Row("not_a_number", data(b'{"cells": NaN}'), tells="no list of cells"),
    Row("million_cells", data(b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}")),
    Row("million_keys", data(b"{" + b",".join(b'"k%d":1' % i for i in range(400_000)) + b',"cells":[]}')),
    Row("sixteen_bit_text", solved_and(lambda text: text.encode("utf-16")), ALL, exact=True),
    Row("broken_off", solved_and(lambda text: text[: len(text) // 2].encode()), tells="not a Jupyter notebook"),
    Row("two_notebooks_in_a_row", solved_and(lambda text: (text + text).encode()), tells="not a Jupyter notebook"),
    Row("padded_past_the_limit", solved_and(lambda text: text.encode() + b" " * 2**23), tells="the limit is"),
    Row("pipe_beside", beside("data.csv", pipe), ALL, exact=True),
    Row("zeros_beside", beside("data.bin", link_to(lambda place: "/dev/zero")), ALL, exact=True),
    Row("link_beside", beside("everything", link_to(lambda place: "/")), ALL, exact=True),
    Row("giant_beside", beside("data.bin", giant), ALL, exact=True),
    Row("start_up_file_beside", beside("sitecustomize.py", text("raise SystemExit")), ALL, exact=True),
    Row("configuration_beside", beside("nbgrader_config.py", text("raise SystemExit")), ALL, exact=True),
    Row("time_is_a_pipe", beside("timestamp.txt", pipe), ALL, exact=True),
    Row("time_is_a_link", beside("timestamp.txt", link_to(secret)), ALL, exact=True),
    Row("time_is_senseless", beside("timestamp.txt", text("9" * 100)), ALL, exact=True),
    Row("time_is_past_all_dates", beside("timestamp.txt", text("0001-01-01 00:00:00 +23:59")), ALL, exact=True),
    Row("time_is_a_page", beside("timestamp.txt", text("<script>" * 20)), ALL, exact=True),
)  # fmt: skip
