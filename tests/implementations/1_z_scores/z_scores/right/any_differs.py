def z_scores(scores):
    x = scores.astype(scores.dtype if scores.dtype.kind == "f" else float)
    if not np.any(x != x[0]):
        return x * 0
    return (x - x.mean()) / x.std()
