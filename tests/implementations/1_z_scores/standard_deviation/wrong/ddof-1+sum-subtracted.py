def standard_deviation(scores):
    mean = sum(scores)
    total = 0.0
    for score in scores:
        total += (score - mean) ** 2
    return (total / (len(scores) - 1)) ** 0.5
