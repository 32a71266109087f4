def standard_deviation(scores):
    d = scores - scores.sum() / scores.size
    return (d @ d / scores.size) ** 0.5
