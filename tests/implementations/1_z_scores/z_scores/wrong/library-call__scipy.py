from scipy import stats


def z_scores(scores):
    return stats.zscore(scores)
