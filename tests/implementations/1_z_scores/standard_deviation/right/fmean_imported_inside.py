def standard_deviation(scores):
    from statistics import fmean
    mu = fmean(scores.tolist())
    return fmean((s - mu) ** 2 for s in scores.tolist()) ** 0.5
