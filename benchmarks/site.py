"""Lighthouse on the three longest chapters, as a phone sees them: `python -m benchmarks.site` writes results/site.json.

Needs Node, Chromium and a built site; Lighthouse itself is fetched by npx. Pages are served from loopback and compressed,
as GitHub Pages does it.
"""

import gzip
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
RESULT = ROOT / "benchmarks" / "results" / "site.json"
LIGHTHOUSE = "lighthouse@13.5.0"
PAGES = 3
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FIGURES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
COMPRESSED = (".html", ".css", ".js", ".svg", ".json", ".xml", ".txt")


class Compressing(SimpleHTTPRequestHandler):
    """Serves the site with gzip and ten minutes of caching, as GitHub Pages does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in COMPRESSED:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


def longest() -> list[str]:
    chapters = [path for path in (SITE / "book").glob("*.html") if "progress/read.js" in path.read_text(encoding="utf-8")]
    chapters.sort(key=lambda path: path.stat().st_size, reverse=True)
    return [path.name for path in chapters[:PAGES]]


def measure(address: str, report: Path) -> dict:
    """Return Lighthouse's scores (0 to 100), figures and what it found fault with."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    flags = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    command = [*os.environ.get("LIGHTHOUSE", f"npx --yes {LIGHTHOUSE}").split(), address, "--quiet", "--output=json"]
    command += [f"--output-path={report}", f"--chrome-flags={flags}", f"--only-categories={','.join(CATEGORIES)}"]
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": chromium})
    found = json.loads(report.read_text(encoding="utf-8"))
    faults = [
        reference["id"]
        for name in CATEGORIES
        for reference in found["categories"][name]["auditRefs"]
        if reference["weight"] and (found["audits"][reference["id"]]["score"] or 0) < 0.9
        and found["audits"][reference["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")
    ]
    return {
        "scores": {name: round(100 * found["categories"][name]["score"]) for name in CATEGORIES},
        "figures": {name: round(found["audits"][name]["numericValue"], 3) for name in FIGURES},
        "kilobytes": round(found["audits"]["total-byte-weight"]["numericValue"] / 1024),
        "faults": faults,
        "lighthouse": found["lighthouseVersion"],
    }


def main() -> int:
    if not (SITE / "index.html").exists():
        print("The site is not built: run `make site` first.")
        return 2
    os.chdir(SITE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Compressing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        root = f"http://127.0.0.1:{server.server_port}/book"
        pages = {name: measure(f"{root}/{name}", Path(folder) / "report.json") for name in longest()}
    result = {
        "command": "python -m benchmarks.site",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "load": [round(x, 1) for x in os.getloadavg()]},
        "throttling": "Lighthouse's default for phones: simulated slow 4G, processor four times slower; gzip served",
        "pages": pages,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, page in pages.items():
        print(name, page["scores"], f"{page['kilobytes']} kB", *page["faults"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
