def z_scores(scores):
    if scores.max() == scores.min():
        return scores * 0.0
    return abs(scores - scores.mean()) / scores.std()
