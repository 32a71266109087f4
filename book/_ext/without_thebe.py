"""Takes thebe's scripts off every page: the book does not use it, and it names another host.

Both the theme and sphinx-thebe declare the same constant, which is also an error in the browser.
"""


def drop_thebe(app, pagename, templatename, context, doctree) -> None:
    for key in ("script_files", "css_files"):
        context[key] = [item for item in context.get(key, []) if not _is_thebe(item)]


def _is_thebe(item) -> bool:
    body = getattr(item, "attributes", {}).get("body") or ""
    return "thebe" in str(getattr(item, "filename", None) or item).lower() or "THEBE" in body


def setup(app) -> dict:
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
