def standard_deviation(scores):
    import math
    m = float(np.mean(scores))
    return math.dist([float(s) for s in scores], [m] * len(scores)) / math.sqrt(len(scores))
