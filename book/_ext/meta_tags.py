"""Tags in the head of a page, for search engines and link previews."""

from html import escape


def add_tags(context: dict, tags: dict[tuple[str, str], object]) -> None:
    """Add a ``<meta>`` for each {(attribute, its value): content} that has a content."""
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n    <meta {kind}="{name}" content="{escape(str(value))}" />' for (kind, name), value in tags.items() if value
    )
