"""``running_mean_variance``: cases, checks and misconceptions."""

import numpy as np

from autograder import reading
from autograder.exercise import Case, Check, Exercise, Output, Suspect
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


def welford_with_old_mean(x):
    mean = total = 0.0
    for n, value in enumerate(x, start=1):
        old = mean
        mean += (value - old) / n
        total += (value - old) ** 2 if n > 1 else 0.0
    return mean, total / len(x)


def welford_from_zero(x):
    """As above, but the first value counts with its distance from the initial mean 0."""
    mean, variance = welford_with_old_mean(x)
    return mean, variance + x[0] ** 2 / len(x)


def welford_with_new_mean(x):
    mean = total = 0.0
    for n, value in enumerate(x, start=1):
        mean += (value - mean) / n
        total += (value - mean) ** 2
    return mean, total / len(x)


def welford_not_divided(x):
    """Every value moves the mean to itself, and nothing is left of its deviation from it."""
    return x[-1], 0.0


def welford_from_one(x):
    """Counts from 1: what a stream gives that begins with a 0 more."""
    longer = np.append(x, 0.0)
    return longer.mean(), longer.var()


def last_product(x):
    """The last deviation from the old mean times that from the new one."""
    old = x[:-1].mean() if len(x) > 1 else 0.0
    return (x[-1] - old) * (x[-1] - x.mean())


def divided_at_each_step(x):
    mean = variance = 0.0
    for n, value in enumerate(x, start=1):
        old = mean
        mean += (value - old) / n
        variance += (value - old) * (value - mean) / n
    return mean, variance


def sample_variance(x):
    return x.var() * len(x) / (len(x) - 1)


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
        Suspect("ddof-1", lambda x: (x.mean(), sample_variance(x))),
        Suspect("ddof-1", lambda x: (x.mean(), sample_variance(x) if len(x) > 1 else 0.0)),
        Suspect("ddof-1", lambda x: (x.mean(), float(x.var()) * len(x) / (len(x) - 1))),  # raises at n = 1
        Suspect("sum-for-mean", lambda x: (x.mean(), x.var() * len(x))),
        Suspect("root-taken", lambda x: (x.mean(), x.std())),
        Suspect("one-subtracted", lambda x: (x.mean(), x.var() - 1)),
        Suspect("integer-truncated", lambda x: (np.trunc(x).mean(), np.trunc(x).var())),
        Suspect("not-centred", lambda x: (x.mean(), (x**2).mean())),
        Suspect("welford-old-mean", welford_with_old_mean),
        Suspect("welford-old-mean", welford_from_zero),
        Suspect("welford-old-mean", welford_with_new_mean),
        Suspect("update-not-divided", welford_not_divided),
        Suspect("divided-at-each-step", divided_at_each_step),
        Suspect("count-off-by-one", welford_from_one),
        Suspect("count-off-by-one", lambda x: (x.mean(), x.var() * len(x) / (len(x) + 1))),
        Suspect("return-in-loop", lambda x: (x[0], 0.0)),
        Suspect("last-only", lambda x: (x.mean(), last_product(x) / len(x))),
        Suspect("score-skipped", lambda x: (x[1:].mean(), x[1:].var()) if len(x) > 1 else 1 / 0),
        *(Suspect("rounded", lambda x, k=k: (round(x.mean(), k), round(x.var(), k))) for k in PLACES),
        Suspect("outputs-swapped", lambda x: (x.var(), x.mean())),
        Suspect("stream-read-twice", lambda x: (x.mean(), 0.0)),
    ),
    misconceptions=MISCONCEPTIONS,
    forbidden_names=SPREADS,
)  # fmt: skip
