def numerical_gradient(f, x, dy, h=1e-5):
    z = x.astype(float)
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        p, m = z.copy(), z.copy()
        p[i] += h
        m[i] -= h
        g[i] = np.sum(f(p) - f(m)) / (2 * h)
    return (g * dy).astype(x.dtype)
