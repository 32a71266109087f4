def standard_deviation(scores):
    return float(scores.var() ** 0.5)
