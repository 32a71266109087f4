"""The pages that a build has written, for the steps that lighten them when it is finished."""

from pathlib import Path

GLOBS = ("*.html", "book/**/*.html")


def built_pages(out: Path) -> list[Path]:
    return [path for pattern in GLOBS for path in out.glob(pattern)]
