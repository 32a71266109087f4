def z_scores(scores):
    if scores.max() == scores.min():
        return np.zeros_like(scores)
    return (scores - scores.mean()) / scores.std()
