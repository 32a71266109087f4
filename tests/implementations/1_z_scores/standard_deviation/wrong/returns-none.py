import numpy as np


def standard_deviation(scores):
    deviation = scores - scores.mean()
    result = np.sqrt((deviation**2).mean())
    print(result)
