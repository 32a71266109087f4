def standard_deviation(scores):
    mean = sum(scores) / 5
    return (sum((score - mean) ** 2 for score in scores) / len(scores)) ** 0.5
