from fractions import Fraction


def running_mean_variance(stream):
    """The short formula is right when nothing is rounded."""
    n = 0
    total = squares = Fraction(0)
    for value in stream:
        exact = Fraction(value)
        n += 1
        total += exact
        squares += exact * exact
    mean = total / n
    return float(mean), float(squares / n - mean * mean)
