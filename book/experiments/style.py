"""One look for every figure of the book.

Figures are SVG, at most 4.5 in wide so that they stay legible on a phone, with real text
(``svg.fonttype: none``) and the colour-blind-safe palette of Okabe & Ito (2008).
"""

import matplotlib.pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
RED = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#767676"
INK = "#222222"

WIDTH = 4.5  # inches


def use_course_style() -> None:
    """Set matplotlib's defaults for the book. Call once at the top of a chapter."""
    set_matplotlib_formats("svg")
    plt.rcParams.update(
        {
            "figure.figsize": (WIDTH, 2.8),
            "figure.constrained_layout.use": True,
            "svg.fonttype": "none",
            "svg.hashsalt": "normalisation",  # the same figure gives the same file
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 9,
            "axes.titlesize": 10,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, RED, PURPLE, SKY]),
            "legend.frameon": False,
            "legend.fontsize": 8,
            "lines.linewidth": 1.6,
        }
    )
