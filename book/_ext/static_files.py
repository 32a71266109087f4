"""Puts the files of an extension among the site's static files, in a folder of their own.

They do not stand in ``html_static_path``, because Jupyter Book loads all that it finds there on every page.
"""

from collections.abc import Iterable
from pathlib import Path

from sphinx.util.fileutil import copy_asset_file


def copy_static(app, folder: str, files: Iterable[Path]) -> None:
    """Copy the files to ``_static/<folder>``. Only a site in HTML has such a folder."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static" / folder
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            copy_asset_file(file, target)
