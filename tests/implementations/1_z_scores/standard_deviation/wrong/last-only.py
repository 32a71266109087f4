def standard_deviation(scores):
    mean = sum(scores) / len(scores)
    total = 0
    for s in scores:
        square = (s - mean) ** 2
    total += square
    return (total / len(scores)) ** 0.5
