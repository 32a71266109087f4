def running_mean_variance(stream):
    n, m, M2 = 0, 0.0, 0.0
    chunk = []
    def merge(n, m, M2, c):
        c = np.array(c)
        k, cm = len(c), c.mean()
        cM = ((c - cm) ** 2).sum()
        d = cm - m
        t = n + k
        return t, m + d * k / t, M2 + cM + d * d * n * k / t
    for v in stream:
        chunk.append(v)
        if len(chunk) == 64:
            n, m, M2 = merge(n, m, M2, chunk)
            chunk = []
    if chunk:
        n, m, M2 = merge(n, m, M2, chunk)
    return float(m), float(M2 / n)
