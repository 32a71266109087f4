"""Makes a matplotlib SVG part of a page: its ink follows the page's theme, its colours stay.

Black, white and the greys of a figure become CSS variables, so the same figure reads on light and
on dark ground. A word that stands on a coloured cell keeps the colour its author gave it.
"""

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"

# style.py's colours for lines, as colours for words: dark or light enough to read on the ground.
WORD_COLOURS = {
    "#0072b2": "blue",
    "#e69f00": "orange",
    "#009e73": "green",
    "#d55e00": "red",
    "#cc79a7": "purple",
    "#56b4e9": "sky",
}
NAMED_GREYS = {"#000000": "ink", "#222222": "ink", "#767676": "grey", "#ffffff": "ground"}
NUMBER = r"-?\d+(?:\.\d+)?"
BESIDE = 3  # points left and right: WebKit sets the same words a little wider, and what leaves the frame is cut off


def is_matplotlib(svg: str) -> bool:
    return "<dc:title>Matplotlib" in svg[:2000]


def themed(svg: str, prefix: str, label: str) -> str:
    """Return the figure as inline SVG with `prefix` before its ids and `label` as its text."""
    root = ElementTree.fromstring(svg)
    for junk in [*root.findall(f"{SVG}metadata"), *root.findall(f"{SVG}defs")]:
        if junk.tag.endswith("metadata") or junk.find(f"{SVG}style") is not None:
            root.remove(junk)  # a style element would style the whole page
    _colour(root)
    _rename_ids(root, prefix)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        element.text = element.text and element.text.strip().replace("'", "’")  # as in the text round the figure
        element.tail = None
        for name in {"d", "x", "y", "transform", "points"} & set(element.keys()):
            element.set(name, _shorter(element.get(name)))
    _frame(root, label)
    return ElementTree.tostring(root, encoding="unicode")


def _frame(root, label: str) -> None:
    """Size in pixels, or as wide as the column; known before it is drawn. Joins are what matplotlib's style says."""
    left, top, wide, high = (float(number) for number in root.get("viewBox").split())
    left, wide = left - BESIDE, wide + 2 * BESIDE
    width, height = round(wide * 4 / 3), round(high * 4 / 3)
    root.attrib.clear()
    root.attrib |= {
        "class": "course-figure",
        "role": "img",
        "aria-label": label,
        "viewBox": f"{left:g} {top:g} {wide:g} {high:g}",
        "width": f"{width}",
        "height": f"{height}",
        "style": f"width:min(100%,{width}px);aspect-ratio:{width}/{height}",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }


def _shorter(text: str) -> str:
    """A hundredth of a point is finer than any screen."""
    text = re.sub(r"-?\d+\.\d+", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), text)
    return " ".join(text.split())


# Ids


def _rename_ids(root, prefix: str) -> None:
    """Keep only the ids that something refers to, and make them the page's only ones of that name."""
    used = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            used.update(re.findall(r"url\(#([^)]+)\)", value))
            if name == HREF and value.startswith("#"):
                used.add(value[1:])
    for element in root.iter():
        if HREF in element.attrib:
            target = element.attrib.pop(HREF)
            element.set("href", f"#{prefix}{target[1:]}" if target.startswith("#") else target)
        for name, value in list(element.attrib.items()):
            element.set(name, re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", value))
        identity = element.attrib.pop("id", None)
        if identity in used:
            element.set("id", prefix + identity)


# Colours


def theme_colour(colour: str) -> str:
    """Return a grey as a mixture of the theme's ink and ground; any other colour as it is."""
    if colour in NAMED_GREYS:
        return f"var(--figure-{NAMED_GREYS[colour]})"
    grey = re.fullmatch(r"#([0-9a-f]{2})\1\1", colour)
    if grey:
        share = round(100 * (1 - int(grey[1], 16) / 255))
        return f"color-mix(in srgb, var(--figure-ink) {share}%, var(--figure-ground))"
    return colour


def word_colour(colour: str) -> str:
    name = WORD_COLOURS.get(colour)
    return f"var(--figure-word-{name})" if name else theme_colour(colour)


def _colour(root) -> None:
    """Walk in painting order, so that a word knows what it stands on."""
    clips = {clip.get("id"): _box(clip[0]) for clip in root.iter(f"{SVG}clipPath")}
    painted: list[tuple[list, bool]] = []  # outlines, whether the colour stays in both themes
    _walk(root, (0.0, 0.0), painted, clips)


def _walk(element, shift: tuple[float, float], painted: list, clips: dict) -> None:
    tag = element.tag.removeprefix(SVG)
    if tag == "pattern":
        return
    style = _style(element)
    if tag == "text":
        _colour_word(element, style, shift, painted)
        return
    if tag == "g":
        move = re.match(rf"translate\(({NUMBER})[ ,]+({NUMBER})\)", element.get("transform", ""))
        if move:
            shift = (shift[0] + float(move[1]), shift[1] + float(move[2]))
    if tag == "image":
        painted.append(([_image_outline(element)], True))
    if tag == "path" and style.get("fill", "none") != "none" and _opacity(style) > 0.5:
        outlines = [_outline(element.get("d", ""))]
        clip = element.get("clip-path", "").removeprefix("url(#").removesuffix(")")
        if clip in clips:
            outlines.append(clips[clip])
        painted.append((outlines, style["fill"] == theme_colour(style["fill"])))
    for name in {"fill", "stroke"} & style.keys():
        style[name] = theme_colour(style[name])
    _set_style(element, style)
    for child in element:
        _walk(child, shift, painted, clips)


def _colour_word(element, style: dict, shift, painted: list) -> None:
    point = _place(element, style, shift)
    on_colour = next(
        (stays for outlines, stays in reversed(painted) if all(_inside(point, o) for o in outlines)), False
    )
    if on_colour:
        style.setdefault("fill", "#000000")
    else:
        style["fill"] = word_colour(style.get("fill", "#000000"))
    for part in element.iter():
        words = style if part is element else _style(part)
        words.pop("font-family", None)  # the style sheet names it, with fallbacks
        _set_style(part, words)


def _style(element) -> dict[str, str]:
    pairs = (item.split(":", 1) for item in element.get("style", "").split(";") if ":" in item)
    return {name.strip(): value.strip() for name, value in pairs}


def _set_style(element, style: dict[str, str]) -> None:
    if style:
        element.set("style", ";".join(f"{name}:{value}" for name, value in style.items()))
    else:
        element.attrib.pop("style", None)


def _opacity(style: dict[str, str]) -> float:
    return float(style.get("opacity", 1)) * float(style.get("fill-opacity", 1))


# Places


def _outline(path: str) -> list[tuple[float, float]]:
    """The corners of a path; matplotlib writes absolute coordinates, and a curve's ends are enough here."""
    corners = []
    for _, numbers in re.findall(r"([MLCQ])([^A-Za-z]*)", path):
        numbers = [float(number) for number in re.findall(NUMBER, numbers)]
        if len(numbers) >= 2:
            corners.append((numbers[-2], numbers[-1]))
    return corners


def _box(element) -> list[tuple[float, float]]:
    x, y, width, height = (float(element.get(name, 0)) for name in ("x", "y", "width", "height"))
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _image_outline(element) -> list[tuple[float, float]]:
    """Matplotlib hangs images upside down: scale(1 -1) translate(0 dy)."""
    flipped = re.match(rf"scale\(1 -1\) translate\(0 ({NUMBER})\)", element.get("transform", ""))
    if not flipped:
        return _box(element)
    return [(x, -(y + float(flipped[1]))) for x, y in _box(element)]


def _place(element, style: dict[str, str], shift) -> tuple[float, float]:
    """A point well inside the word's first letters, or its middle if it is centred."""
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    move = re.search(rf"translate\(({NUMBER})[ ,]+({NUMBER})\)", element.get("transform", ""))
    if move:
        x, y = x + float(move[1]), y + float(move[2])
    size = float(style.get("font-size", "9px").removesuffix("px"))
    along = {"middle": 0.0, "end": -0.3}.get(style.get("text-anchor", "start"), 0.3) * size
    up = 0.35 * size
    if re.search(r"rotate\(-90 ", element.get("transform", "")):
        along, up = -up, along
    return x + shift[0] + along, y + shift[1] - up


def _inside(point, outline) -> bool:
    """Even-odd rule: how many edges does a ray to the right cross?"""
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
