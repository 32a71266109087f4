def z_scores(scores):
    return scores - scores.mean()
