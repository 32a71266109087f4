"""Drawings of chapter 7: the roads of two models, and the table of tests."""

from experiments.style import BLUE, GREY, INK, ORANGE


def draw_road(ax, placement: str, norm: str) -> None:
    """Draw one block of a transformer from bottom to top, the stream as a thick line. placement: "pre" or "post"."""
    road, side, top = 0.3, 0.72, 10.0
    ax.set(xlim=(0, 1.02), ylim=(-0.6, top + 0.4))
    ax.axis("off")
    ax.plot([road, road], [0, top], color=INK, lw=4, solid_capstyle="round", zorder=1)

    def box(x, y, text, colour):
        look = dict(boxstyle="round,pad=0.35", fc="white", ec=colour, lw=1.6)
        ax.text(x, y, text, ha="center", va="center", fontsize=8, color=colour, bbox=look, zorder=4)

    def add(y):
        ax.plot(road, y, "o", ms=13, mfc="white", mec=INK, zorder=3)
        ax.text(road, y - 0.03, "+", ha="center", va="center", fontsize=10, color=INK, zorder=4)

    def arrow(begin, end):
        look = dict(arrowstyle="-|>", color=GREY, lw=1.3, shrinkA=0, shrinkB=0)
        ax.annotate("", end, begin, arrowprops=look, zorder=2)

    for base, name in ((0.2, "attention"), (5.0, "feed-forward")):
        if placement == "pre":
            arrow((road, base + 0.1), (side, base + 0.1))
            ax.plot([side, side], [base + 0.1, base + 3.5], color=GREY, lw=1.3, zorder=2)
            box(side, base + 1.2, norm, BLUE)
            box(side, base + 2.5, name, INK)
            arrow((side, base + 3.5), (road + 0.06, base + 3.5))
            add(base + 3.5)
        else:
            arrow((road, base + 0.1), (side, base + 0.1))
            ax.plot([side, side], [base + 0.1, base + 2.3], color=GREY, lw=1.3, zorder=2)
            box(side, base + 1.2, name, INK)
            arrow((side, base + 2.3), (road + 0.06, base + 2.3))
            add(base + 2.3)
            box(road, base + 3.7, norm, BLUE)


def draw_tests(ax, rows: list[tuple[str, list]], columns: list[str], groups: list[tuple[int, str]]) -> None:
    """Draw which test finds which mistake.

    rows: (mistake, [True, False or None for each column]), None where the test does not apply.
    groups: (number of columns, heading), from left to right.
    """
    for y, (_, found) in enumerate(rows):
        for x, value in enumerate(found):
            if value is not None:
                face = BLUE if value else "none"
                ax.plot(x, y, "o" if value else "s", ms=7, mfc=face, mec=BLUE if value else ORANGE, mew=1.3)
    ax.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=8)
    ax.set_xticks(range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor", fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(rows) - 0.4, -0.6))
    at = 0
    for width, heading in groups:
        ax.text(at + (width - 1) / 2, len(rows) - 0.1, heading, ha="center", va="top", fontsize=8, color=INK)
        at += width
        if at < len(columns):
            ax.axvline(at - 0.5, color=GREY, lw=0.8)
