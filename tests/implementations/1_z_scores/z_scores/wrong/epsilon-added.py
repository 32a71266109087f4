def z_scores(scores):
    return (scores - scores.mean()) / (scores.std() + 1e-8)
