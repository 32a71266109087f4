"""A PostgreSQL server of the tests' own: nothing outside its folder, no network, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60


def programs() -> Path | None:
    """Return the folder with PostgreSQL's server programs, or None."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wanted = ("initdb", "pg_ctl", "postgres")
    return next((folder for folder in folders if all((folder / name).exists() for name in wanted)), None)


def why_not() -> str | None:
    """Say why no server can be started here, or return None."""
    if programs() is None:
        return "no PostgreSQL server here (initdb, pg_ctl, postgres); on Debian: apt-get install postgresql"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL refuses to run as root, and there is no setpriv to become another user"
    return None


@contextmanager
def server() -> Iterator[str]:
    """Start a server with an empty database; yield its URL for SQLAlchemy; stop the server."""
    # A socket's path may have 107 characters, and its folder belong to the server's user: not pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir="/tmp"))
    data = folder / "data"
    control = [str(programs() / "pg_ctl"), "-D", str(data), "-w", "-t", str(SECONDS)]
    user = _give_to_another(folder)
    try:
        made = ("-D", str(data), "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        _run(user, str(programs() / "initdb"), *made)
        listen = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        _run(user, *control, "-l", str(folder / "log"), "-o", listen, "start")
        try:
            yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        finally:
            _run(user, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _give_to_another(folder: Path) -> list[str]:
    """Return the command that becomes the user whom the server runs as; root gives away the folder for that."""
    if os.geteuid() != 0:
        return []
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    other = known.get("postgres") or known["nobody"]
    os.chown(folder, other.pw_uid, other.pw_gid)
    return ["setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups"]


def _run(user: list[str], *command: str) -> None:
    with tempfile.TemporaryFile("w+") as said:  # a pipe would stay open in the server
        streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
        done = subprocess.run([*user, *command], cwd="/", timeout=2 * SECONDS, **streams)
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{Path(command[0]).name}: {said.read()[-2000:]}")
