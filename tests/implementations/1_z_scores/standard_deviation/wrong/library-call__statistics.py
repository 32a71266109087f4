from statistics import pstdev


def standard_deviation(scores):
    return pstdev(scores.tolist())
