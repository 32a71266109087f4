def standard_deviation(scores):
    n = len(scores)
    s = scores.astype(float)
    return float(np.sqrt(((s[:, None] - s[None]) ** 2).sum() / (2 * n * n)))
