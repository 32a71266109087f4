def numerical_gradient(f, x, dy, h=1e-5):
    import math
    z = np.array(x, np.float64, order="C")
    flat = z.reshape(-1)
    g = np.empty_like(flat)
    for i, v in enumerate(flat.tolist()):
        flat[i] = v + h
        up = math.fsum(np.ravel(f(z) * dy))
        flat[i] = v - h
        down = math.fsum(np.ravel(f(z) * dy))
        flat[i] = v
        g[i] = (up - down) / (2 * h)
    return g.reshape(x.shape).astype(x.dtype)
