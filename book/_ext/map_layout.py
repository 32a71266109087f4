"""Draws a graph without circles as SVG: layers from the top down, narrow enough for a phone.

A box stands below all that it needs, at most two side by side. An arrow that skips a layer runs through it in a lane of
its own, beside the boxes; arrows from one box share their lane. The order within a layer is the one of those tried in
which the fewest arrows cross.
"""

import textwrap
from html import escape
from itertools import permutations

ABREAST = 2  # boxes in a layer: two are legible on a phone
BOX, LANE, GAP = 156, 14, 12  # widths in pixels
LINE, PADDING = 17, 11  # height of a line of words; room above and below
BETWEEN = 44  # height between layers
LETTERS = 21  # in a line of a box

Graph = dict[str, list[str]]  # each box with those that it needs


def without_shortcuts(needs: Graph) -> Graph:
    """Leave out an arrow where a longer way leads to the same box: it says nothing new."""

    def above(box: str) -> set[str]:
        return {box}.union(*(above(other) for other in needs[box]))

    return {
        box: [other for other in others if not any(other in above(third) for third in others if third != other)]
        for box, others in needs.items()
    }


def layers(needs: Graph) -> list[list[str]]:
    """Return the boxes layer by layer; boxes keep the order of ``needs`` where they may."""
    rows: list[list[str]] = []
    row_of: dict[str, int] = {}
    waiting = list(needs)
    while waiting:
        box = next(box for box in waiting if all(other in row_of for other in needs[box]))
        waiting.remove(box)
        row = max((row_of[other] + 1 for other in needs[box]), default=0)
        while row < len(rows) and len(rows[row]) == ABREAST:
            row += 1
        rows.extend([] for _ in range(row + 1 - len(rows)))
        rows[row].append(box)
        row_of[box] = row
    return rows


def with_lanes(needs: Graph, rows: list[list[str]]) -> tuple[list[list[tuple]], list[tuple]]:
    """Return rows of ("box", name) and ("lane", source, row), and the pairs that a line joins."""
    row_of = {box: number for number, row in enumerate(rows) for box in row}
    items = [[("box", box) for box in row] for row in rows]
    joined = []
    for box, others in needs.items():
        for source in others:
            last = ("box", source)
            for row in range(row_of[source] + 1, row_of[box]):
                lane = ("lane", source, row)
                if lane not in items[row]:
                    items[row].append(lane)
                if (last, lane) not in joined:
                    joined.append((last, lane))
                last = lane
            joined.append((last, ("box", box)))
    return items, joined


def width(item: tuple) -> int:
    return BOX if item[0] == "box" else LANE


def places(items: list[list[tuple]]) -> dict[tuple, float]:
    """The middle of each item: rows are centred about 0."""
    middle = {}
    for row in items:
        left = -(sum(map(width, row)) + GAP * (len(row) - 1)) / 2
        for item in row:
            middle[item] = left + width(item) / 2
            left += width(item) + GAP
    return middle


def untangled(items: list[list[tuple]], joined: list[tuple]) -> list[list[tuple]]:
    """Try the orders of each row in turn, and keep the one with the fewest crossings and the shortest lines."""

    def cost(rows: list[list[tuple]]) -> tuple[int, float]:
        x = places(rows)
        layer = {item: number for number, row in enumerate(rows) for item in row}
        crossings = sum(
            layer[a] == layer[c] and (x[a] - x[c]) * (x[b] - x[d]) < 0
            for i, (a, b) in enumerate(joined)
            for c, d in joined[:i]
        )
        return crossings, sum(abs(x[a] - x[b]) for a, b in joined)

    for _ in range(3):
        for number, row in enumerate(items):
            orders = ([*items[:number], list(order), *items[number + 1 :]] for order in permutations(row))
            items = min(orders, key=cost)
    return items


def draw(boxes: dict[str, tuple[str, str, str]], needs: Graph, rows: list[list[str]]) -> str:
    """Return inline SVG; ``boxes`` gives each box's small line, its title and where it leads."""
    words = {box: textwrap.wrap(title, LETTERS) for box, (_, title, _) in boxes.items()}
    high = 2 * PADDING + LINE * (1 + max(map(len, words.values())))
    items, joined = with_lanes(needs, rows)
    x = places(untangled(items, joined))
    y = {item: number * (high + BETWEEN) for number, row in enumerate(items) for item in row}
    half = max(abs(x[item]) + width(item) / 2 for item in x)
    parts = [_line(x[a], y[a] + high, x[b], y[b], arrow=b[0] == "box") for a, b in joined]
    parts += [f'<path d="M{x[i]:.1f} {y[i]}v{high}"/>' for i in x if i[0] == "lane"]
    parts = ['<g class="map-arrows" aria-hidden="true">', *parts, "</g>"]
    for row in items:
        for item in row:
            if item[0] == "box":
                small, _, address = boxes[item[1]]
                parts.append(_box(small, address, words[item[1]], x[item], y[item], high))
    bottom = max(y.values()) + high
    return (
        f'<svg class="knowledge-map" role="group" aria-label="Map of the chapters: each box links to its chapter" '
        f'viewBox="{-half - 3:.0f} -3 {2 * half + 6:.0f} {bottom + 6}" width="{1.15 * (2 * half + 6):.0f}">'
        f"{''.join(parts)}</svg>"
    )


def _line(x0: float, y0: float, x1: float, y1: float, arrow: bool) -> str:
    end = y1 - 5 if arrow else y1
    bend = (end - y0) / 2
    path = f"M{x0:.1f} {y0}C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {end - bend:.1f} {x1:.1f} {end}"
    head = f'<path class="map-head" d="M{x1:.1f} {y1}l-4 -8h8z"/>' if arrow else ""
    return f'<path d="{path}"/>{head}'


def _box(small: str, address: str, lines: list[str], x: float, y: float, high: float) -> str:
    texts = [(small, "map-number")] * bool(small) + [(line, "map-title") for line in lines]
    top = y + (high - LINE * len(texts)) / 2 + LINE - 4.5
    written = "".join(
        f'<text class="{kind}" x="{x:.1f}" y="{top + LINE * number:.1f}">{escape(text)} </text>'
        for number, (text, kind) in enumerate(texts)
    )
    rect = f'<rect x="{x - BOX / 2:.1f}" y="{y}" width="{BOX}" height="{high}" rx="9"/>'
    return f'<a href="{escape(address)}">{rect}{written}</a>'
