"""The two drawings of chapter 4: a row in a block of lanes, and the partial sums of a backward pass."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from experiments.style import BLUE, GREEN, GREY, INK, ORANGE, SKY


def cell(ax: Axes, x: float, y: float, text: str, colour: str, hatch: str = "") -> None:
    """Draw one box with text in it; a hatch marks it without colour."""
    width = 0.92
    if hatch:
        ax.add_patch(Rectangle((x, y), width, 0.7, fc="none", ec=colour, hatch=hatch, lw=1))
    else:
        ax.add_patch(Rectangle((x, y), width, 0.7, fc=colour, ec="none", alpha=0.35))
        ax.add_patch(Rectangle((x, y), width, 0.7, fc="none", ec=colour, lw=1))
    behind = {"fc": "white", "ec": "none", "pad": 1} if hatch else None
    ax.text(x + width / 2, y + 0.35, text, ha="center", va="center", fontsize=8, color=INK, bbox=behind)


def draw_lanes(ax: Axes, row: Sequence[float], block: int) -> None:
    """Draw a row of features in a block of lanes: loaded values, deviations without and with the mask.

    Parameters
    ----------
    ax : an empty axes.
    row : the features, fewer than ``block``.
    block : lanes of the block, a power of two.
    """
    n = len(row)
    mean = sum(row) / n
    loaded = list(row) + [0.0] * (block - n)
    lines = [
        ("loaded, other = 0", loaded, BLUE),
        (f"minus the mean {mean:g}", [v - mean for v in loaded], ORANGE),
        ("with tl.where", [v - mean if i < n else 0.0 for i, v in enumerate(loaded)], GREEN),
    ]
    for k, (name, values, colour) in enumerate(lines):
        y = -1.35 * k
        ax.text(0, y + 0.82, name, fontsize=8, color=INK)
        for i, value in enumerate(values):
            surplus = i >= n
            cell(ax, i, y, f"{value:g}".replace("-", "−"), GREY if surplus else colour, "////" if surplus else "")
        squares = "" if k == 0 else f"squares add up to {sum(v * v for v in values):g}"
        ax.text(block, y - 0.32, squares, ha="right", fontsize=8, color=INK)
    ax.text(n / 2, 1.3, f"{n} features", ha="center", fontsize=8, color=INK)
    ax.text((n + block) / 2, 1.3, f"{block - n} surplus lanes", ha="center", fontsize=8, color=INK)
    ax.set(xlim=(-0.1, block + 0.1), ylim=(-3.2, 1.7))
    ax.axis("off")


def draw_partial_sums(ax: Axes, rows: int, programs: int) -> None:
    """Draw which program takes which row of the table, its partial sum, and the sum of the partial sums."""
    colours = [BLUE, ORANGE, GREEN, SKY][:programs]
    marks = ["", "////", "....", "xxxx"]
    for row in range(rows):
        owner = row % programs
        ax.add_patch(
            Rectangle((0, -row), 3, 0.8, fc="none", ec=colours[owner], hatch=marks[owner], lw=1.2)
        )
        ax.text(-0.15, -row + 0.4, f"token {row}", ha="right", va="center", fontsize=7.5, color=INK)
    top = -(rows - programs) / 2
    for owner in range(programs):
        y = top - owner
        ax.add_patch(Rectangle((5.2, y), 3, 0.8, fc="none", ec=colours[owner], hatch=marks[owner], lw=1.2))
        ax.text(6.7, y + 0.4, f"program {owner}", ha="center", va="center", fontsize=7.5, color=INK,
                bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
    middle = top - (programs - 1) / 2
    for start, end in ((3.2, 5.0), (8.4, 9.6)):
        ax.annotate("", (end, middle + 0.4), (start, middle + 0.4), arrowprops={"arrowstyle": "-|>", "color": GREY})
    ax.add_patch(Rectangle((9.8, middle), 3, 0.8, fc="none", ec=INK, lw=1.6))
    ax.text(11.3, middle + 0.4, "dγ or dβ", ha="center", va="center", fontsize=8, color=INK)
    for x, text in ((1.5, "m rows of dy, x"), (6.7, "partial sums,\nfloat32"), (11.3, "one sum more")):
        ax.text(x, 1.15, text, ha="center", va="bottom", fontsize=8, color=INK)
    ax.set(xlim=(-2.3, 13), ylim=(-rows + 0.8, 2.6))
    ax.axis("off")
