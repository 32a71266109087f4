import numpy as np


def z_scores(scores):
    spread = np.ptp(scores)
    if not spread:
        return 0.0 * scores
    z = scores / spread
    z = z - np.average(z)
    return z / np.sqrt(np.average(z * z))
