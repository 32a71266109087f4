"""``running_mean_variance``: cases, checks and misconceptions."""

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Output, Suspect
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student
from autograder.student_side import wire

from .parts import FAR, MISCONCEPTIONS, PLACES, SPREADS, offset_cases, scores_case, size_cases, value_cases


def running_mean_variance(stream: np.ndarray) -> tuple:
    exact = stream.astype(np.longdouble)
    return exact.mean(), exact.var()


def as_stream(case: Case) -> Case:
    words = case.words.replace("the scores", "the stream").replace(" scores", " values in a stream")
    words = words.replace("a single score", "a stream of one value")
    return Case((wire.Stream(case.args[0]),), words, atol=case.atol, rtol=case.rtol, control=case.control, public=case.public)


def streams(cases, **how):
    return lambda rng: [as_stream(case) for case in cases(rng, **how)]


def long_stream_cases(rng):
    """A stream that would take 3 MB as a list of floats, and more as a set: no value comes twice."""
    long = as_stream(scores_case(rng, 100_000)).args[0]
    return [
        as_stream(scores_case(rng, 12, control=True)),
        Case((long,), "a stream of 100,000 values", may_grow=2**20),
    ]


def invoke_running(student: Student, case: Case) -> Reply:
    return reading.as_tuple(student.call("running_mean_variance", *case.args), "(mean, variance)", 2)


def means(x):
    """The mean after each value. Counted from the first, which costs no digits at a large offset."""
    return x[0] + np.cumsum(x - x[0]) / np.arange(1, len(x) + 1)


def means_from_one(x):
    """As above, but the count begins at 1."""
    return np.cumsum(x) / np.arange(2, len(x) + 2)


def products(x, before, after):
    """What each value adds: its deviation from the mean before it times that from the mean after it."""
    return (x - before) * (x - after)


def welford_by(
    values=lambda x: x,
    means=means,
    products=products,
    average=lambda p: p.sum() / np.float64(len(p)),
    finish=lambda v: v,
    returned=lambda mean, v: (mean, v),
):
    """Welford's update, or one in which some parts are others.

    Parts: the values that count; the mean after each; what each adds, of it and of the mean before and after it; these → the
    variance; what is done with that; what comes back.
    """

    def imitation(x):
        x = values(x)
        after = means(x)
        before = np.append(0.0, after[:-1])
        return returned(after[-1], finish(average(products(x, before, after))))

    return imitation


def after_the_first(x, before, after):
    """The old mean twice; the first value is its own mean from the beginning."""
    return np.append(0.0, (x - before)[1:] ** 2)


def divided_by_count(x, before, after):
    return products(x, before, after) / np.arange(1, len(x) + 1)


def sample(when_alone):
    """n − 1 divides; when_alone: what a single value gives."""
    return lambda p: p.sum() / (len(p) - 1) if len(p) > 1 else when_alone(p)


# What goes wrong: (misconception, what stands in place of the right parts).
WRONG = (
    ("ddof-1", {"average": sample(lambda p: 1 / 0)}),
    ("ddof-1", {"average": sample(lambda p: 0.0)}),
    ("sum-for-mean", {"average": lambda p: p.sum()}),
    ("one-subtracted", {"average": lambda p: p.mean() - 1}),
    ("count-off-by-one", {"average": lambda p: p.sum() / (len(p) + 1)}),
    ("count-off-by-one", {"means": means_from_one}),
    ("count-off-by-one", {"means": means_from_one, "average": lambda p: p.sum() / (len(p) + 1)}),
    ("root-taken", {"finish": np.sqrt}),
    ("half-not-root", {"finish": lambda v: v / 2}),
    ("integer-truncated", {"values": np.trunc}),
    ("return-in-loop", {"values": lambda x: x[:1]}),
    ("score-skipped", {"values": lambda x: x[1:]}),
    ("update-not-divided", {"means": lambda x: x}),
    ("welford-old-mean", {"products": lambda x, before, after: (x - before) ** 2}),
    ("welford-old-mean", {"products": after_the_first}),
    ("welford-old-mean", {"products": lambda x, before, after: (x - after) ** 2}),
    ("not-centred", {"products": lambda x, before, after: x**2}),
    ("absolute-deviation", {"products": lambda x, before, after: np.abs(x - before)}),
    ("divided-at-each-step", {"products": divided_by_count}),
    ("divided-at-each-step", {"products": divided_by_count, "average": np.sum}),
    ("last-only", {"products": lambda x, before, after: np.append(np.zeros(len(x) - 1), products(x, before, after)[-1])}),
    ("outputs-swapped", {"returned": lambda mean, v: (v, mean)}),
    *(("rounded", {"returned": lambda mean, v, k=k: (round(mean, k), round(v, k))}) for k in PLACES),
)


RUNNING_MEAN_VARIANCE = Exercise(
    name="running_mean_variance",
    functions=("running_mean_variance",),
    outputs=(Output("the mean", "number"), Output("the variance", "number")),
    invoke=invoke_running,
    reference=running_mean_variance,
    section="welford",
    checks=(
        Check("values", "Mean and population variance of a stream", 2, "welford", streams(value_cases)),
        Check("sizes", "It holds for a stream of any length", 1, "welford", streams(size_cases)),
        Check("offset", "A large common offset does no harm", 3, "one-pass-loses-digits",
              streams(offset_cases, **FAR), "one-pass-variance"),
        Check("memory", "The stream is not kept", 1, "welford", long_stream_cases, "stream-stored"),
    ),
    suspects=(
        *alone(welford_by, WRONG),
        Suspect("ddof-1", lambda x: (x.mean(), x.var() * len(x) / (len(x) - 1))),  # NaN at n = 1
        Suspect("stream-read-twice", lambda x: (x.mean(), 0.0)),
        *together(welford_by, WRONG),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=SPREADS,
)  # fmt: skip
