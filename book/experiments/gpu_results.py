"""Reads and draws what ``make bench-gpu`` measured. Chapter 4 and the benchmark itself use it."""

import json
from pathlib import Path

from matplotlib.axes import Axes

from experiments.style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY

RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "gpu.json"
OURS = "Triton (ours)"
LOOKS = {  # colour and marker of each contender
    OURS: (BLUE, "o"),
    "F.layer_norm": (GREY, "s"),
    "torch.compile": (GREEN, "^"),
    "eager operations": (RED, "v"),
    "Liger": (ORANGE, "D"),
    "quack": (PURPLE, "P"),
}


def load(path: Path = RESULT) -> dict | None:
    """Return the stored measurement, or None if nobody has measured yet."""
    return json.loads(path.read_text()) if path.exists() else None


def provenance(result: dict) -> str:
    """Return one sentence: device, versions, date and command."""
    versions = ", ".join(f"{package} {version}" for package, version in result["versions"].items())
    return f"{result['device']['name']}; {versions}; {result['date']}; {result['command']}."


def fractions(result: dict, dtype: str, direction: str) -> dict[str, dict[int, float]]:
    """Return {contender: {width: fraction of the copy's bandwidth}} for one dtype and one direction."""
    found: dict[str, dict[int, float]] = {}
    for row in result["rows"]:
        if row["dtype"] == dtype and row["direction"] == direction and "of_copy" in row and row["contender"] != "copy":
            found.setdefault(row["contender"], {})[row["n"]] = row["of_copy"]
    return found


def table(result: dict, dtype: str, direction: str) -> str:
    """Return a plain-text table, a line a width: GB/s of the copy, then each contender's fraction of it."""
    rows = [row for row in result["rows"] if row["dtype"] == dtype and row["contender"] == "copy"]
    copies = {row["n"]: row["gb_per_s"] for row in rows}
    parts = fractions(result, dtype, direction)
    lines = [f"{'width':>6} {'copy':>10} " + " ".join(f"{name:>5}" for name in parts)]
    for n in sorted(copies):
        cells = [(f"{part[n]:.2f}" if n in part else "-").rjust(max(5, len(name))) for name, part in parts.items()]
        lines.append(f"{n:6d} {copies[n]:5.0f} GB/s " + " ".join(cells))
    return "\n".join(lines)


def draw(ax: Axes, result: dict, dtype: str, direction: str) -> None:
    """Draw each contender's fraction of the copy's bandwidth over the width of a row."""
    for name, part in fractions(result, dtype, direction).items():
        colour, marker = LOOKS.get(name, (SKY, "x"))
        ax.plot(list(part), list(part.values()), color=colour, marker=marker, ms=4, lw=1.2, label=name)
    ax.axhline(1, color=GREY, lw=0.8, ls="--")
    ax.set_xscale("log", base=2)
    ax.set(ylim=(0, None), xlabel="features a row (log scale)", ylabel="fraction of the copy's GB/s")
