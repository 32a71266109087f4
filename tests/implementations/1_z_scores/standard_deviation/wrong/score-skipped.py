def standard_deviation(scores):
    n = len(scores)
    mean = sum(scores) / n
    total = 0
    for i in range(1, n):
        total += (scores[i] - mean) ** 2
    return (total / n) ** 0.5
