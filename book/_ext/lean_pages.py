"""Takes off every page what it does not need.

- thebe: the book does not use it, and its settings name another host; two extensions declare the
  same constant, which is also an error in the browser.
- fontawesome.js, half a megabyte: the icons come from a font.
- scripts and styles of features that the page does not have.
"""

import re
from pathlib import Path

# What a script or style is called -> what a page that needs it contains.
NEEDED_FOR = {
    "thebe": "no page",
    "design-tabs": 'class="sd-tab-set',
    "toggle": 'class="toggle',
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
}
UNUSED_FILES = ("sphinx-thebe.*", "scripts/fontawesome.*", "**/*.map")
UNUSED_TAGS = (
    r'<!--[^>]*?-->',
    r'<script[^>]*fontawesome\.js[^>]*></script>',
    r'<meta name="viewport"[^>]*>',  # each of three templates adds one; Sphinx's own stays
    r'<meta name="docsearch:[^>]*>',
)


def drop_unneeded_files(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    for key in ("script_files", "css_files"):
        context[key] = [item for item in context.get(key, []) if is_needed(item, body)]
    context["metatags"] = without_unused_tags(context.get("metatags", ""))
    context["without_unused_tags"] = without_unused_tags


def is_needed(item, body: str) -> bool:
    code = (getattr(item, "attributes", {}).get("body") or "").lower()
    name = str(getattr(item, "filename", None) or item).lower()
    return all(mark in body for word, mark in NEEDED_FOR.items() if word in name or word in code)


def without_unused_tags(html: str) -> str:
    return re.sub("|".join(UNUSED_TAGS), "", html)


def use_templates(app, config) -> None:
    config.templates_path = [*config.templates_path, str(Path(__file__).parent / "templates")]


def delete_unused_files(app, exception) -> None:
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED_FILES:
        for path in static.glob(pattern):
            path.unlink()


def setup(app) -> dict:
    app.connect("config-inited", use_templates)
    app.connect("html-page-context", drop_unneeded_files, priority=900)
    app.connect("build-finished", delete_unused_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
