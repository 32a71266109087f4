"""What a site needs that has an address: canonical links, a picture for link previews, a map for search engines.

The address comes from the environment, SITE_ADDRESS=https://…, or from `html_baseurl`. Without one the site is made to be
read from disk: no page names an address then, and nothing of this is written.
"""

import os
import shutil
from html import escape
from pathlib import Path

from meta_tags import add_tags

PICTURE = Path(__file__).parents[1] / "_preview" / "link-preview.png"
SIZE = (1200, 630)
WORDS = "Two tokens of unlike size, joined feature by feature to their normalised values, which share one scale."


def take_address(app, config) -> None:
    address = os.environ.get("SITE_ADDRESS") or config.html_baseurl
    config.html_baseurl = address.rstrip("/") + "/" if address else ""


def name_picture(app, pagename, templatename, context, doctree) -> None:
    if not app.config.html_baseurl:
        return
    tags = {
        ("property", "og:image"): f"{app.config.html_baseurl}_static/{PICTURE.name}",
        ("property", "og:image:width"): SIZE[0],
        ("property", "og:image:height"): SIZE[1],
        ("property", "og:image:alt"): WORDS,
        ("name", "twitter:card"): "summary_large_image",
    }
    add_tags(context, tags)


def write_files(app, exception) -> None:
    address = app.config.html_baseurl
    if exception or not address or app.builder.format != "html":
        return
    out = Path(app.outdir)
    shutil.copy(PICTURE, out / "_static")
    pages = [app.builder.get_target_uri(page) for page in sorted(app.env.found_docs) if (out / f"{page}.html").is_file()]
    entries = "".join(f"  <url><loc>{escape(address + page)}</loc></url>\n" for page in pages)
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n',
        encoding="utf-8",
    )
    (out / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n", encoding="utf-8")


def setup(app) -> dict:
    app.connect("config-inited", take_address)
    app.connect("html-page-context", name_picture)
    app.connect("build-finished", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
