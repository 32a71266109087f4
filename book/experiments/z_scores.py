"""Experiments of chapter 1: spread, bias, constant input, and digits lost by one-pass variances.

Every function is deterministic given its arguments and its generator. Nothing here reaches the network:
the share prices are the file ``msft.csv`` that matplotlib installs as sample data.
"""

import csv
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from matplotlib import cbook


def load_msft():
    """Read matplotlib's sample file of Microsoft's daily shares.

    Returns:
        dates: list of ``datetime.date``, oldest first, length 65 (19 June to 19 September 2003).
        close: (65,) float64, closing price in US dollars.
        volume: (65,) float64, shares traded on that day, in millions.

    Raises:
        FileNotFoundError: matplotlib was installed without its sample data.

    Source: ``matplotlib/mpl-data/sample_data/msft.csv``, part of every matplotlib wheel.
    """
    path = Path(cbook.get_sample_data("msft.csv", asfileobj=False))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))[::-1]
    dates = [datetime.strptime(row["Date"], "%d-%b-%y").date() for row in rows]
    close = np.array([float(row["Close"]) for row in rows])
    volume = np.array([float(row["Volume"]) for row in rows]) / 1e6
    return dates, close, volume


def average_sample_variances(population, sizes, trials, rng):
    """Average the two variance estimates over many random samples of each size.

    Args:
        population: (P,) float64, drawn from with replacement; units u.
        sizes: sample sizes n, each at least 2.
        trials: samples drawn for each size.
        rng: ``numpy.random.Generator``.

    Returns:
        (len(sizes), 2) float64: mean of the estimate that divides by n, mean of the one that divides by
        n - 1; units u squared.

    Raises:
        ValueError: a size below 2, for which n - 1 leaves nothing to divide by.
    """
    if min(sizes) < 2:
        raise ValueError("a sample variance with n - 1 needs at least two numbers")
    averages = np.empty((len(sizes), 2))
    for row, n in enumerate(sizes):
        samples = rng.choice(population, size=(trials, n))
        averages[row] = samples.var(axis=1).mean(), samples.var(axis=1, ddof=1).mean()
    return averages


def constants_missed_by_std_test(sizes, trials, rng):
    """Share of constant vectors whose computed standard deviation is not exactly zero.

    Args:
        sizes: vector lengths n.
        trials: random constants, uniform in [0, 1), tried for each length.
        rng: ``numpy.random.Generator``.

    Returns:
        (len(sizes),) float64, each a share between 0 and 1. ``numpy.std`` in float64 does the computing.
    """
    shares = np.empty(len(sizes))
    for k, n in enumerate(sizes):
        table = np.repeat(rng.random((trials, 1)), n, axis=1)  # (trials, n), every row constant
        shares[k] = np.mean(table.std(axis=1) != 0)
    return shares


def scientific(value):
    """Write a positive number with one digit and a power of ten that no line break parts: 2.3e-9 -> "2 × 10⁻⁹"."""
    digit, exponent = f"{float(value):.0e}".split("e")
    return f"{digit}\u00a0×\u00a010" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def exact_variance(x):
    """Population variance of one vector in exact rational arithmetic, rounded once at the end.

    Args:
        x: (n,) array of finite floats of any dtype.

    Returns:
        float: the variance of the numbers as they are stored, in the unit of x squared.
    """
    values = [Fraction(float(value)) for value in x]
    total = sum(values)
    return float(sum(value * value for value in values) / len(values) - (total / len(values)) ** 2)


def one_pass_variances(table):
    """Row variances by mean of squares minus square of mean. ``table`` (N, n) -> (N,), in table's dtype."""
    return (table * table).mean(axis=1) - table.mean(axis=1) ** 2


def two_pass_variances(table):
    """Row variances by mean of squared deviations. ``table`` (N, n) -> (N,), in table's dtype."""
    return ((table - table.mean(axis=1, keepdims=True)) ** 2).mean(axis=1)


def welford_variances(table):
    """Row variances by the recurrence of Welford (1962), all rows in step.

    Args:
        table: (N, n) array; column j is the j-th number of N streams.

    Returns:
        (N,) array of population variances, in table's dtype: every intermediate keeps that dtype too.

    Source: Welford (1962), the recurrence in its original form with the factor (k - 1)/k.
    """
    mean = table[:, 0].copy()
    squares = np.zeros_like(mean)
    one = table.dtype.type(1)
    for k in range(2, table.shape[1] + 1):
        difference = table[:, k - 1] - mean
        squares += difference * difference * (table.dtype.type(k - 1) / table.dtype.type(k))
        mean += difference * (one / table.dtype.type(k))
    return squares / table.dtype.type(table.shape[1])


VARIANCE_METHODS = {
    "one-pass": one_pass_variances,
    "Welford": welford_variances,
    "two-pass": two_pass_variances,
}


def relative_error_against_offset(dtype, offsets, n, trials, rng):
    """Median relative error of each method when standard normal numbers sit on an offset.

    The truth is the exact variance of the numbers after rounding to ``dtype``, so that the error of storing
    the data is not charged to the method.

    Args:
        dtype: ``numpy.float32`` or ``numpy.float64``; data and all arithmetic use it.
        offsets: numbers added to every value.
        n: numbers in a stream.
        trials: streams for each offset.
        rng: ``numpy.random.Generator``.

    Returns:
        dict: method name -> (len(offsets),) float64 of median |computed - true| / true, without unit.
    """
    noise = rng.standard_normal((trials, n))
    errors = {name: np.empty(len(offsets)) for name in VARIANCE_METHODS}
    for k, offset in enumerate(offsets):
        table = (noise + offset).astype(dtype)
        truth = np.array([exact_variance(row) for row in table])
        for name, method in VARIANCE_METHODS.items():
            errors[name][k] = np.median(np.abs(method(table).astype(np.float64) - truth) / truth)
    return errors
