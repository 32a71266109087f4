from collections import Counter


def running_mean_variance(stream):
    counts = Counter(stream)
    n = sum(counts.values())
    mean = sum(v * c for v, c in counts.items()) / n
    return mean, sum((v - mean) ** 2 * c for v, c in counts.items()) / n
