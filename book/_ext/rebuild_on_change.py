"""Writes every page anew when an extension, a style sheet or a vendored file changes.

Sphinx itself looks at the pages' sources and at its settings only, so the rest becomes a setting.
"""

from hashlib import sha256
from pathlib import Path

BOOK = Path(__file__).parents[1]
FOLDERS = ("_exercises", "_ext", "_progress", "_quiz", "_static", "_vendor")


def fingerprint() -> str:
    files = [path for name in FOLDERS for path in sorted((BOOK / name).rglob("*")) if path.is_file()]
    return sha256(b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")).hexdigest()


def note_fingerprint(app, config) -> None:
    config.book_fingerprint = fingerprint()


def setup(app) -> dict:
    app.add_config_value("book_fingerprint", "", "html", types=str)
    app.connect("config-inited", note_fingerprint)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
