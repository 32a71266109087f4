"""The book's pages in the order of the contents, with their numbers and titles."""


def reading_order(env) -> list[str]:
    """Every page of the contents once, in the order in which they are read."""
    pages: dict[str, None] = {}

    def walk(page: str) -> None:
        if page not in pages:
            pages[page] = None
            for child in env.toctree_includes.get(page, []):
                walk(child)

    walk(env.config.root_doc)
    return list(pages)


def number(env, page: str) -> str:
    """A chapter's number, or nothing."""
    return ".".join(map(str, env.toc_secnumbers.get(page, {}).get("", ())))


def numbered_title(env, page: str) -> str:
    title = env.titles[page].astext()
    return f"{number(env, page)}.\u00a0{title}" if number(env, page) else title  # a number stands by its title


def stem(page: str) -> str:
    """The last part of a page's name, fit for an anchor."""
    return page.rsplit("/", 1)[-1].replace("_", "-")
