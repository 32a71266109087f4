"""What was downloaded from a learning platform: taken out of archives, and put under each student's name.

Two plugins of ``nbgrader zip_collect``. A platform puts the students' names in front of what they hand in; what stands
inside an archive that a student made is the student's own choice, and decides neither whose it is nor where it lands.
"""

import io
import lzma
import os
import re
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

from autograder import naming, submission, times
from autograder.limits import CONFIGURED

Member = tuple[PurePosixPath, Callable[[], IO[bytes]]]

MAX_ARCHIVE_BYTES = 4 * CONFIGURED.notebook_bytes
MAX_UNPACKED_BYTES = 2**30
MAX_HEADER_BYTES = 2**20
MAX_MEMBERS = 100_000
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
NO_NOTEBOOK = "neither a notebook nor an archive"
BLACKBOARDS_TIME = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)")
_ON_THE_NEXT = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)


class NotebookExtractor(ExtractorPlugin):
    """Takes the notebooks out of ``archive/``, and nothing else.

    Of an archive that a student handed in, it takes the one notebook as ``<archive's name>/<assignment>.ipynb``.
    """

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Take over what lies in one folder into another, as nbgrader asks."""
        for folder, _, names in os.walk(archive_path):
            for name in sorted(names):
                path = Path(folder, name)
                inner = PurePosixPath(naming.printable(path.relative_to(archive_path).as_posix()))
                try:
                    with submission.open_ordinary(path) as file:
                        self._take(inner, file, Path(extracted_path))
                except (submission.BadSubmission, *BROKEN) as error:
                    self._leave_out(inner, error)

    def _take(self, inner: PurePosixPath, file: IO[bytes], out: Path) -> None:
        if inner.suffix == ".ipynb":
            self._put(out / inner, file)
        elif not _is_archive(inner):
            self._leave_out(inner, NO_NOTEBOOK)
        elif self.parent.collector_plugin_inst.student_of(self._only(inner)):
            self._take_one(inner, file, out)
        else:
            self._take_all(inner, file, out)

    def _take_all(self, inner: PurePosixPath, file: IO[bytes], out: Path) -> None:
        """Unpack the platform's archive: notebooks, and archives of students."""
        for name, opened in _members(file, inner):
            member = _folder(inner) / name
            try:
                if member.suffix == ".ipynb":
                    self._put(out / member, opened())
                elif _is_archive(member):
                    packed = opened().read(MAX_ARCHIVE_BYTES + 1)
                    if len(packed) > MAX_ARCHIVE_BYTES:
                        raise ValueError(f"larger than {MAX_ARCHIVE_BYTES / 2**20:g} MiB")
                    self._take_one(member, io.BytesIO(packed), out)
                else:
                    self._leave_out(member, NO_NOTEBOOK)
            except BROKEN as error:
                self._leave_out(member, error)

    def _take_one(self, inner: PurePosixPath, file: IO[bytes], out: Path) -> None:
        """Take the assignment's notebook out of a student's archive."""
        wanted = self._only(inner)
        notebooks = [(name, opened) for name, opened in _members(file, inner) if name.suffix == ".ipynb"]
        named = [(name, opened) for name, opened in notebooks if name.name == wanted.name]
        found = named if len(named) == 1 else notebooks
        if len(found) != 1:
            raise ValueError(
                f"of a student's archive one notebook is taken, and it has {len(found)}; if it is the platform's "
                "archive of the whole class, unpack it here"
            )
        self._put(out / wanted, found[0][1]())

    def _leave_out(self, inner: PurePosixPath, why: object) -> None:
        self.log.warning("Left out: %s (%s)", inner, why)

    def _only(self, archive: PurePosixPath) -> PurePosixPath:
        return _folder(archive) / f"{self.parent.coursedir.assignment_id}.ipynb"

    def _put(self, path: Path, file: IO[bytes]) -> None:
        """Write a notebook; of one that is too large just so much that grading finds it so, and tells the student."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            out.write(file.read(CONFIGURED.notebook_bytes + 1))


class NameCollector(FileNameCollectorPlugin):
    """Reads whose a file is from its path below ``extracted/``, which begins with ``/``."""

    def __init__(self, **given: object) -> None:
        super().__init__(**given)
        self._first: dict[tuple[str, str], str] = {}

    def student_of(self, inner: PurePosixPath) -> str | None:
        """Return the name of the student that a path stands for, None if it stands for none."""
        found = re.match(self.named_regexp, f"/{inner}") if self.named_regexp else None
        return found and found.groupdict().get("student_id")

    def collect(self, submitted_file: str) -> dict | None:
        """Return {student_id, file_id, perhaps timestamp} of a file; None if it is to be left out, after a warning."""
        inner = os.path.relpath(submitted_file, self.parent._format_collect_path(self.parent.extracted_directory))
        found = super().collect(f"/{Path(inner).as_posix()}")
        if not found:
            return None
        # macOS writes an accent beside its letter; two ways to write a name would be two students.
        found["student_id"] = unicodedata.normalize("NFC", found["student_id"] or "")
        if not naming.is_plain(found["student_id"]):
            why = f"{found['student_id']!r} can't be the name of a student's folder: {naming.RULE}"
            self.log.warning("Left out: %s (%s)", inner, why)
            return None
        if stamp := BLACKBOARDS_TIME.fullmatch(found.get("timestamp") or ""):
            # nbgrader would take the minutes for a distance from Greenwich
            found["timestamp"] = "{} {}:{}:{}".format(*stamp.groups())
        if found.get("timestamp"):
            try:
                found["timestamp"] = times.read_utc(found["timestamp"]).isoformat(" ")
            except ValueError as error:
                self.log.warning("No time of submission: %s (%s)", inner, error)
                del found["timestamp"]
        first = self._first.setdefault((found["student_id"], found["file_id"]), inner)
        if first != inner and not found.get("timestamp"):
            self.log.warning("Left out: %s (%s is of %s too; keep one of them)", inner, first, found["student_id"])
            return None
        return found


def _is_archive(name: PurePosixPath) -> bool:
    return name.name.lower().endswith(ARCHIVES)


def _folder(archive: PurePosixPath) -> PurePosixPath:
    """Return an archive's path without the ending."""
    ending = next(ending for ending in sorted(ARCHIVES, key=len, reverse=True) if archive.name.lower().endswith(ending))
    return archive.with_name(archive.name[: -len(ending)] or "archive")


def _members(file: IO[bytes], archive: PurePosixPath) -> Iterator[Member]:
    """Yield (path below the archive's folder, how to open it) of each ordinary file. Raises one of BROKEN."""
    for name, opened in (_of_zip if archive.name.lower().endswith(".zip") else _of_tar)(file):
        parts = [part for part in naming.printable(name).replace("\\", "/").split("/") if part not in ("", ".", "..")]
        # macOS packs a second file beside each, with its colours and tags
        if parts and "__MACOSX" not in parts and not parts[-1].startswith("._"):
            yield PurePosixPath(*parts), opened


def _of_zip(file: IO[bytes]) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    archive = zipfile.ZipFile(file)
    for member in archive.infolist():
        if not member.is_dir():
            yield member.filename, lambda member=member: archive.open(member)


class _Header(tarfile.TarInfo):
    """A header of a tar archive; those that hold a long name, or other words on the next member, are read into memory whole."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size < 0 or (self.type in _ON_THE_NEXT and self.size > MAX_HEADER_BYTES):
            raise ValueError("it has a header of an impossible size")
        return super()._proc_member(archive)


def _of_tar(file: IO[bytes]) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    archive = tarfile.open(fileobj=file, tarinfo=_Header)
    for member in archive:
        if archive.offset > MAX_UNPACKED_BYTES:  # to find the next member, all of this one must be unpacked
            raise ValueError(f"it unpacks to more than {MAX_UNPACKED_BYTES / 2**30:g} GiB")
        if len(archive.members) > MAX_MEMBERS:
            raise ValueError(f"it has more than {MAX_MEMBERS} members")
        if member.isfile():
            yield member.name, lambda member=member: archive.extractfile(member)
