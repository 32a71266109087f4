"""What a learning platform hands over: taken out of archives with care, and nobody hands in under another's name."""

import gzip
import io
import json
import os
import re
import shutil
import tarfile
import tracemalloc
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from autograder import downloads, exercises
from autograder.limits import CONFIGURED
from tests.conftest import Course

STEM = exercises.stems()[0]
NOTEBOOK = f"{STEM}.ipynb"
PATTERN = rf".*/(?P<student_id>[^/_]+)_.*(?P<file_id>{STEM})"
WITH_TIME = rf".*/(?P<student_id>[^/_]+)_(?P<timestamp>[^_]+)_.*(?P<file_id>{STEM})"


def packed(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files: dict[str, bytes], **links: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in links.items():
            member = tarfile.TarInfo(f"{name}_{NOTEBOOK}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return data.getvalue()


@pytest.fixture(scope="module")
def platform(course, tmp_path_factory) -> Course:
    """A released course, to collect into."""
    return course.copy(tmp_path_factory.mktemp("platform") / "course")


def collect(course: Course, files: dict[str, bytes], pattern: str = PATTERN) -> tuple[dict[str, bytes], str]:
    """Return {student: what was collected}, and what was said, for these files in the folder of downloads."""
    grading = course.root / "grading"
    for folder in ("submitted", "downloaded"):
        shutil.rmtree(grading / folder, ignore_errors=True)
    for name, content in files.items():
        path = grading / "downloaded" / STEM / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    done = course.run("nbgrader", "zip_collect", STEM, f"--FileNameCollectorPlugin.named_regexp={pattern}")
    found = {path.parent.parent.name: path.read_bytes() for path in grading.glob(f"submitted/*/{STEM}/{NOTEBOOK}")}
    assert len(list(grading.glob("submitted/**/*.ipynb"))) == len(found)
    return found, done.stderr


def test_loose_and_packed_notebooks_are_collected(platform):
    found, said = collect(
        platform,
        {
            f"ada_{NOTEBOOK}": b"ada",
            f"moodle/ben_12_file/{NOTEBOOK}": b"ben",
            "class.zip": packed({f"cleo_7_{NOTEBOOK}": b"cleo", f"dora_7_file/{NOTEBOOK}": b"dora", f"__MACOSX/._cleo_7_{NOTEBOOK}": b"x"}),
            "late.tar.gz": tarred({f"eve_9_{NOTEBOOK}": b"eve", f"Jo\u0308rg_9_{NOTEBOOK}": "J\u00f6rg".encode(), "fay_9_file/work.7z": b"7z"}),
        },
    )
    assert found == {name: name.encode() for name in ("ada", "ben", "cleo", "dora", "eve", "J\u00f6rg")}
    assert "Left out: late/fay_9_file/work.7z (neither a notebook nor an archive)" in said


def test_of_a_students_archive_one_notebook_is_taken_whatever_its_name(platform):
    """It lands under the name that the platform gave to the archive; a notebook named after a classmate is no exception."""
    found, said = collect(
        platform,
        {
            f"ada_{STEM}.zip": packed({f"my work/ben_{NOTEBOOK}": b"ada"}),
            "class.zip": packed(
                {
                    f"ben_{NOTEBOOK}": b"ben",
                    "cleo_hw.zip": packed({f"ben_{NOTEBOOK}": b"draft", NOTEBOOK: b"cleo", "data.csv": b"1"}),
                    "dora_hw.tgz": tarred({"final.ipynb": b"dora"}),
                    "eve_hw.zip": packed({f"ada_{NOTEBOOK}": b"x", f"ben_{NOTEBOOK}": b"x"}),
                    "fay_hw.zip": packed({"again.zip": packed({NOTEBOOK: b"fay"})}),
                }
            ),
        },
    )
    assert found == {name: name.encode() for name in ("ada", "ben", "cleo", "dora")}
    assert "Left out: class/eve_hw.zip (of a student's archive one notebook is taken, and it has 2" in said
    assert "Left out: class/fay_hw.zip" in said


def test_hostile_archives_cost_nobody_else_a_collection(platform):
    found, said = collect(
        platform,
        {
            f"ada_{NOTEBOOK}": b"ada",
            f"ben_{STEM}.zip": b"PK\3\4 and then nothing",
            "class.zip": packed(
                {
                    f"../../../../cleo_{NOTEBOOK}": b"cleo",
                    f"dora_{NOTEBOOK}": bytes(CONFIGURED.notebook_bytes + 2**26),
                    "eve_hw.zip": packed({NOTEBOOK: bytes(CONFIGURED.notebook_bytes + 2**26)}),
                    "fay_hw.tar.gz": tarred({"zeros": bytes(2**20)} | {NOTEBOOK: b"fay"}, fay="/etc/passwd"),
                    f".._{NOTEBOOK}": b"up",
                    f"gus<img src=x>_{NOTEBOOK}": b"gus",
                    "notes.txt": b"x",
                    "\x1b[2Jivy.txt": b"x",
                    f"\x1b]0;{NOTEBOOK}": b"x",
                }
            ),
            "late.tar": tarred({}, hal="/etc/passwd"),
            NOTEBOOK: b"nobody's",
            "\x1b[2Jjan.txt": b"x",
        },
    )
    large = bytes(CONFIGURED.notebook_bytes + 1)
    assert found == {"ada": b"ada", "cleo": b"cleo", "dora": large, "eve": large, "fay": b"fay"}
    assert "\x1b[2J" not in said and "\x1b]" not in said
    assert f"Left out: ben_{STEM}.zip (" in said and "can't be the name of a student's folder" in said
    platform.run("python", "-m", "autograder", "grade", STEM, "--json", "out.json")
    told = {row["student"]: row["problem"] for row in json.loads((platform.root / "out.json").read_text())}
    assert "the limit is 8 MiB" in told["dora"] and "the limit is 8 MiB" in told["eve"]


def test_an_archive_that_unpacks_to_gigabytes_is_left_out(platform, tmp_path):
    huge = tmp_path / "huge.tar.gz"
    with tarfile.open(huge, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("zeros")
        member.size = 2**30 + 1
        archive.addfile(member, Zeros(member.size))
    found, said = collect(platform, {f"ada_{NOTEBOOK}": b"ada", "class.zip": packed({"ben_hw.tar.gz": huge.read_bytes()})})
    assert found == {"ada": b"ada"} and "it unpacks to more than 1 GiB" in said


def platforms() -> list:
    """Return (the name of a file, the pattern that fits) of each platform in the page for instructors."""
    page = (Path(__file__).parent.parent / "book" / "for_instructors.md").read_text()
    block = re.search(r"the pattern that fits:\n\n```text\n(.*?)```", page, re.DOTALL)[1]
    return [pytest.param(name, pattern, id=who) for who, name, pattern in re.findall(r"(\w+)\n +(.*)\n +(.*)\n", block)]


@pytest.mark.parametrize("name, pattern", platforms())
def test_on_each_platform_its_own_name_counts_and_not_one_that_a_student_gave_a_file(name, pattern):
    who = re.match(pattern, f"/{name}")["student_id"]
    for between in ("/", "_", "/a folder/"):
        forged = name.removesuffix(".ipynb") + between + name.replace(who, "Eve")
        assert re.match(pattern, f"/the class/{forged}")["student_id"] == who


def header(size: int, kind: bytes) -> bytes:
    """A header of a tar archive as it stands there, of a size that ``tarfile`` itself would not write."""
    member = tarfile.TarInfo(NOTEBOOK)
    member.type = kind
    block = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(block))[0]
    return bytes(block)


HEADERS = {
    "words on the next member": (header(100 * 2**20, tarfile.XHDTYPE), 1),
    "a long name": (header(100 * 2**20, tarfile.GNUTYPE_LONGNAME), 1),
    "a size below nothing": (header(-512, tarfile.REGTYPE), 1),
    "empty files": (header(0, tarfile.REGTYPE), 5000),
}


@pytest.mark.parametrize("block, times", HEADERS.values(), ids=HEADERS)
def test_headers_of_an_archive_fill_no_memory(block, times, monkeypatch):
    """They are read before any member's size tells how much there is to unpack."""
    monkeypatch.setattr(downloads, "MAX_MEMBERS", 1000)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(block * times)
        for _ in range(100):
            file.write(bytes(2**20))
    packed.seek(0)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="of an impossible size|more than 1000 members"):
            list(downloads._members(packed, PurePosixPath("ada_hw.tar.gz")))
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


class Zeros(io.RawIOBase):
    """A file of zeros that takes no room."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return bytes(size)


def test_two_files_of_one_student(platform):
    found, said = collect(platform, {f"a/ada_{NOTEBOOK}": b"first", f"b/ada_{NOTEBOOK}": b"second", f"ben_{NOTEBOOK}": b"ben"})
    assert found == {"ada": b"first", "ben": b"ben"}
    assert f"Left out: b/ada_{NOTEBOOK} (a/ada_{NOTEBOOK} is of ada too; keep one of them)" in said


def test_of_two_files_with_times_the_later_counts(platform):
    files = {f"ada_2026-03-0{day}_{NOTEBOOK}": str(day).encode() for day in (1, 3, 2)}
    files |= {f"cleo_2026-03-01-{time}_{NOTEBOOK}": time.encode() for time in ("11-05-10", "11-59-30", "11-20-10")}  # Blackboard's
    found, said = collect(platform, {**files, f"ben_2026-99-99_{NOTEBOOK}": b"ben"}, WITH_TIME)
    assert found == {"ada": b"3", "ben": b"ben", "cleo": b"11-59-30"} and said.count("No time of submission") == 1
    times = platform.root / "grading" / "submitted"
    assert (times / "cleo" / STEM / "timestamp.txt").read_text().startswith("2026-03-01 11:59:30")
    assert "2026-03-03" in (times / "ada" / STEM / "timestamp.txt").read_text() and not (times / "ben" / STEM / "timestamp.txt").exists()


def test_links_and_pipes_among_the_downloads_are_left_out(platform):
    collect(platform, {f"ada_{NOTEBOOK}": b"ada"})
    archive = platform.root / "grading" / "downloaded" / STEM / "archive"
    Path(archive, f"ben_{NOTEBOOK}").symlink_to("/etc/passwd")
    Path(archive, "elsewhere").symlink_to("/etc")
    os.mkfifo(archive / f"cleo_{NOTEBOOK}")
    done = platform.run("nbgrader", "zip_collect", STEM, "--force", f"--FileNameCollectorPlugin.named_regexp={PATTERN}")
    assert {path.name for path in (platform.root / "grading" / "submitted").iterdir()} == {"ada"}
    assert f"Left out: ben_{NOTEBOOK}" in done.stderr and f"Left out: cleo_{NOTEBOOK}" in done.stderr
