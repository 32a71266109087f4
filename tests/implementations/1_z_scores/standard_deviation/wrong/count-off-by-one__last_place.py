def standard_deviation(scores):
    n = 0
    for i in range(len(scores)):
        n = i
    mean = sum(scores) / n
    return (sum((s - mean) ** 2 for s in scores) / n) ** 0.5
