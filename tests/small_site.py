"""Small sites, each of which tries some of the book's own Sphinx extensions."""

import io
import os
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"


def build(folder: Path, config: dict, pages: dict[str, str]) -> tuple[dict[str, str], str]:
    """Build {name: Markdown} into folder/out, in this process. Return {name: HTML} and the warnings."""
    _write(folder, pages)
    out, warnings = folder / "out", io.StringIO()
    with docutils_namespace():
        Sphinx(folder, None, out, out / "doctrees", "html", config, status=None, warning=warnings).build()
    return {name: (out / f"{name}.html").read_text(encoding="utf-8") for name in pages}, warnings.getvalue()


def build_strictly(
    folder: Path, config: dict, pages: dict[str, str], builder: str = "html", more: str = "", **env: str
) -> subprocess.CompletedProcess:
    """Build {name: Markdown} into folder/<builder> by Sphinx's own command: any warning fails, as in the book.

    more: code at the end of ``conf.py``.
    """
    config = {"html_theme": "basic", "html_copy_source": False, **config}
    settings = "".join(f"{name} = {value!r}\n" for name, value in config.items())
    _write(folder, pages)
    (folder / "conf.py").write_text(f"import sys\nsys.path.insert(0, {str(EXTENSIONS)!r})\n{settings}{more}", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", builder, ".", builder]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, **env})


def _write(folder: Path, pages: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
