def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(float)
    for i in np.ndindex(x.shape):
        p, m = z.copy(), z.copy()
        p[i] += h
        m[i] -= h
        g = np.zeros(x.shape)
        g[i] = np.sum((f(p) - f(m)) * dy) / (2 * h)
    return g.astype(x.dtype)
