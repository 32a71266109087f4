def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(float)
    g = []
    for i in np.ndindex(x.shape):
        p, m = z.copy(), z.copy()
        p[i] += h
        m[i] -= h
        g.append(np.sum((f(p) - f(m)) * dy) / (2 * h))
    return np.array(g, dtype=x.dtype)
