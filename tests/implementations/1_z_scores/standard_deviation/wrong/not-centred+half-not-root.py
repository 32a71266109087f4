def standard_deviation(scores):
    return float((scores**2).mean()) ** 1 / 2
