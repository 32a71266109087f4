def standard_deviation(scores):
    n = len(scores)
    mean = sum(scores) / n
    return (sum((score - mean) ** 2 for score in scores) / n) ** 1/2
