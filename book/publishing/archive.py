"""The site as one zip to read from disk: `python -m book.publishing.archive`, after the site is built."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "zip" / "normalisation-inside-transformers.zip"
FOLDER = OUT.stem  # what the archive unpacks to
NOT_READ = {"_sources", "reports", ".buildinfo", "objects.inv"}  # for machines, not for readers
WRITTEN = (2026, 1, 1, 0, 0, 0)  # one date for every file: the same site gives the same archive


def pack(site: Path, out: Path) -> int:
    """Write the archive; return how many files it holds."""
    out.parent.mkdir(parents=True, exist_ok=True)
    files = [path for path in sorted(site.rglob("*")) if path.is_file() and is_read(path.relative_to(site))]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.relative_to(site).as_posix()}", WRITTEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return len(files)


def is_read(path: Path) -> bool:
    return not NOT_READ & set(path.parts)


def main() -> int:
    if not (SITE / "index.html").exists():
        print("The site is not built: run `make site` first.")
        return 2
    print(f"{pack(SITE, OUT)} files: {OUT.relative_to(ROOT)}. Unpack it and open {FOLDER}/index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
