def standard_deviation(scores):
    import math
    m = math.fsum(scores) / len(scores)
    return math.sqrt(math.fsum((s - m) ** 2 for s in scores) / len(scores))
