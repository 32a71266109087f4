"""Draws the picture that a link to the site shows in a chat: `python -m book.publishing.preview`. The PNG is committed."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

OUT = Path(__file__).resolve().parents[1] / "_preview" / "link-preview.png"
INK, GROUND, BLUE, ORANGE = "#222222", "#ffffff", "#0072b2", "#b35a00"
TOKENS = {  # those of the first page
    "loud": ([-3, -1, 0, 1, 2, 3, 6, 12], ORANGE),
    "quiet": ([-0.4, -0.3, -0.1, 0, 0, 0.2, 0.3, 0.5], BLUE),
}


def draw() -> plt.Figure:
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor=GROUND)
    figure.text(0.06, 0.80, "Normalisation\ninside transformers", size=50, weight="bold", color=INK, va="center")
    figure.text(0.06, 0.60, "Read it, build it, be graded on it.", size=25, color=INK, va="center")
    axes = figure.add_axes((0.06, 0.06, 0.88, 0.46), xlim=(-4, 13), ylim=(-0.15, 3.25))
    axes.axis("off")
    for number, (name, (values, colour)) in enumerate(TOKENS.items()):
        raw = np.array(values, dtype=float)
        normalised = (raw - raw.mean()) / raw.std()
        top = 3.0 - 1.75 * number
        for a, b in zip(raw, normalised):
            axes.plot([a, b], [top, top - 1], color=colour, lw=2, alpha=0.6, zorder=1)
        axes.plot([-4, 13], [top, top], color="#888888", lw=1, zorder=0)
        axes.plot([-3, 3], [top - 1, top - 1], color=colour, lw=22, alpha=0.13, solid_capstyle="round", zorder=0)
        for x, y in ((raw, top), (normalised, top - 1)):
            axes.plot(x, np.full(len(x), y), "o", color=colour, ms=11, mec=GROUND, zorder=2)
        axes.text(13, top - 1, f"a {name} token, before and after", size=18, color=colour, ha="right", va="center")
    return figure


if __name__ == "__main__":
    OUT.parent.mkdir(exist_ok=True)
    draw().savefig(OUT, metadata={"Software": None})
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")
