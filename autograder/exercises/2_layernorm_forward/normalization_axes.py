"""``normalization_axes``: cases, checks and misconceptions."""

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import common, in_section
from autograder.student import Kind, Reply, Student

KINDS = ("batch", "layer", "instance", "group")

LAYOUTS = {2: "(N, C)", 3: "(B, T, d)", 4: "(N, C, H, W)", 5: "(N, C, D, H, W)", 6: "(N, C, …)"}


# misconceptions ---------------------------------------------------------------------------------

_COMMON = common("which-axes")
AXES_ONLY = (
    {name: _COMMON[name] for name in ("returns-none", "library-call")}
    | in_section(
        "which-axes",
        {
            "axes-kept": "These are the axes that keep statistics of their own. Asked for are the others, over which the mean is "
            "taken.",
            "tokens-as-images": "Three axes are tokens (B, T, d) here, with the features last; the channels are second only in "
            "(N, C) and from four axes on.",
            "images-as-tokens": "The features were taken for the last axis. That holds for three axes, (B, T, d); in (N, C) and "
            "from four axes on the channels stand second.",
            "last-axis-missed": "The last axis is missing. `range(2, ndim)` ends at ndim − 1 by itself: it leaves its end out.",
            "axes-from-one": "Each axis is one too high. NumPy counts from 0: in (N, C, H, W) the samples are axis 0, the "
            "channels axis 1.",
            "ndim-ignored": "The answer is that for four axes whatever `ndim` is. Build the tuple from `ndim`.",
            "batch-only-samples": "Batch norm takes one channel from all samples and from all places: axis 0 and every axis of "
            "places.",
            "layer-one-axis": "In (N, C, …) layer norm shares one mean over the whole sample: every axis but N. A single axis is "
            "right for tokens only.",
            "group-not-split": "The axes were counted in the array before splitting. Once channels are split into (groups, "
            "channels a group) everything after them moves up by one, and the axis of groups keeps its own statistics.",
            "group-over-groups": "The mean was taken over the groups as well, which makes it layer norm. Each group has "
            "statistics of its own.",
            "group-over-positions": "For tokens the mean was taken over the positions, too. Each group of one token has "
            "statistics of its own: what is left besides them are samples, positions and groups.",
            "another-kind": "These are another kind's axes. Batch norm's mean runs over the samples and the places of one "
            "channel, layer norm's over all that belongs to one sample or token, instance norm's over the places of one channel "
            "of one sample. (If all kinds give the same: `kind == \"batch\" or \"layer\"` is true whatever `kind` is.)",
            "group-one-axis": "In (N, G, C/G, H, W) a group's set holds its channels and all places: every axis from C/G on.",
            "unknown-kind": "A kind that is none of the four must `raise ValueError(…)`, so that a misspelt name is found where "
            "it was written. `return` and `print` raise nothing, a dictionary raises KeyError, and a chain of `if` falls through "
            "to None, or to an answer.",
        },
    )
)


# references -------------------------------------------------------------------------------------


def axes_of(kind: str, ndim: int) -> tuple:
    """Axes as a sorted array; for an unknown kind, which must raise, none (see ``invoke_axes``)."""
    of_tokens = ndim == 3
    channels = 2 if of_tokens else 1
    if kind == "batch":
        axes = set(range(ndim)) - {channels}
    elif kind == "layer":
        axes = {2} if of_tokens else set(range(1, ndim))
    elif kind == "instance":
        axes = set(range(ndim)) - {0, channels}
    elif kind == "group":
        axes = {3} if of_tokens else set(range(2, ndim + 1))
    else:
        axes = set()
    return (np.array(sorted(axes), dtype="float64"),)


# calls ------------------------------------------------------------------------------------------


def invoke_axes(student: Student, case: Case) -> Reply:
    """Ask for axes; count negative ones from the front. ValueError is the answer to an unknown kind."""
    kind, ndim = case.args
    reply = student.call("normalization_axes", kind, ndim)
    if kind not in KINDS:
        if reply.error_type == "ValueError":
            return Reply(((),))
        return reply if reply.problem else Reply(
            problem=f"returned {_in_words(reply.value)}; expected that it raises ValueError", error_type=Kind.OTHER
        )  # fmt: skip
    if reply.problem:
        return reply
    axes = reply.value
    if _is_index(axes):  # (2) is an integer, (2,) a tuple
        axes = (axes,)
    if isinstance(axes, (tuple, list)):
        count = ndim + (kind == "group")
        axes = tuple(a + count if _is_index(a) and -count <= a < 0 else a for a in axes)
    return Reply((axes,))


def _is_index(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _in_words(value: object) -> str:
    if isinstance(value, tuple) and len(value) <= 6 and all(map(_is_index, value)):
        return str(tuple(int(i) for i in value))
    return reading.name_of(value)


# suspects ---------------------------------------------------------------------------------------


def kinds(imitations: dict):
    """A suspect that is wrong in the given kinds and right in the others."""
    return lambda kind, ndim: (np.array(imitations[kind](ndim)),) if kind in imitations else axes_of(kind, ndim)


def other_axes(kind, ndim):
    count = ndim + (kind == "group")
    return (np.array([a for a in range(count) if a not in axes_of(kind, ndim)[0]]),)


def as_images(kind, ndim):
    """Three axes read as (N, C, L)."""
    return (
        (np.array({"batch": [0, 2], "layer": [1, 2], "instance": [2], "group": [2, 3]}[kind]),)
        if ndim == 3
        else axes_of(kind, ndim)
    )


def as_tokens(kind, ndim):
    """The features taken for the last axis, however many there are."""
    of_last = {"batch": range(ndim - 1), "layer": [ndim - 1], "instance": range(1, ndim - 1), "group": [ndim]}
    return (np.array(of_last[kind]),) if kind in of_last else axes_of(kind, ndim)


def without_last(kind, ndim):
    """Of the axes that ``range`` makes, the last is missing."""
    return (np.array([a for a in axes_of(kind, ndim)[0] if ndim == 3 or a < ndim - 1 + (kind == "group")]),)


AXES_SUSPECTS = (
    Suspect("tokens-as-images", as_images),
    Suspect("axes-kept", other_axes),
    Suspect("ndim-ignored", lambda kind, ndim: axes_of(kind, 4)),
    Suspect("batch-only-samples", kinds({"batch": lambda n: [0]})),
    Suspect("layer-one-axis", kinds({"layer": lambda n: [n - 1]})),
    Suspect("layer-one-axis", kinds({"layer": lambda n: [2] if n == 3 else [1]})),
    Suspect("group-not-split", kinds({"group": lambda n: [2] if n == 3 else range(1, n)})),
    Suspect("group-not-split", kinds({"group": lambda n: [3] if n == 3 else range(2, n)})),
    Suspect("group-not-split", kinds({"group": lambda n: [3] if n == 3 else sorted([2, *range(2, n)])})),
    Suspect("group-over-positions", kinds({"group": lambda n: [1, 3] if n == 3 else axes_of("group", n)[0]})),
    Suspect("group-over-groups", kinds({"group": lambda n: [2, 3] if n == 3 else range(1, n + 1)})),
    Suspect("group-one-axis", kinds({"group": lambda n: [3] if n == 3 else [2]})),
    Suspect("group-one-axis", kinds({"group": lambda n: [n]})),
    Suspect("group-one-axis", kinds({"group": lambda n: [3] if n == 3 else range(3, n + 1)})),
) + tuple(
    Suspect("another-kind", kinds({kind: lambda n, other=other: axes_of(other, n)[0]}))
    for kind in KINDS
    for other in ("batch", "layer", "instance")
    if other != kind
) + (
    # Of one kind alone these look like a mistake in that kind.
    Suspect("axes-from-one", lambda kind, ndim: (axes_of(kind, ndim)[0] + 1,)),
    Suspect("last-axis-missed", without_last),
    Suspect("images-as-tokens", as_tokens),
)


# the exercise -----------------------------------------------------------------------------------


def axes_case(kind: str, ndim: int, **more) -> Case:
    return Case((kind, ndim), f"kind '{kind}' and {ndim} axes {LAYOUTS[ndim]}", **more)


def kind_cases(kind: str):
    """Two to six axes. There is nothing secret in these; a constant is wrong in every kind."""
    return lambda rng: [axes_case(kind, ndim, public=ndim in (3, 4)) for ndim in (4, 3, 2, 5, 6)]


def unknown_cases(rng):
    word = "".join(rng.choice(list("acemnorsuvwxz"), size=7))
    known = [axes_case(kind, 4, control=True) for kind in ("batch", "instance")]
    shown = Case(("laier", 4), "the unknown kind 'laier' and 4 axes", public=True)
    return [shown, *known, *(Case((word, ndim), f"an unknown kind and {ndim} axes") for ndim in (2, 3, 5))]


NORMALIZATION_AXES = Exercise(
    name="normalization_axes",
    functions=("normalization_axes",),
    outputs=(Output("the result", "axes"),),
    invoke=invoke_axes,
    reference=axes_of,
    section="which-axes",
    checks=(
        Check("batch", "Batch norm: every axis but the channels", 1, "which-axes", kind_cases("batch")),
        Check("layer", "Layer norm: a whole sample, or one token's features", 1, "which-axes", kind_cases("layer")),
        Check(
            "instance", "Instance norm: every axis but samples and channels", 1, "which-axes", kind_cases("instance")
        ),
        Check("group", "Group norm: axes of the array with split channels", 1, "which-axes", kind_cases("group")),
        Check("unknown", "An unknown kind raises ValueError", 1, "which-axes", unknown_cases, "unknown-kind"),
    ),
    suspects=AXES_SUSPECTS,
    misconceptions=AXES_ONLY,
)
