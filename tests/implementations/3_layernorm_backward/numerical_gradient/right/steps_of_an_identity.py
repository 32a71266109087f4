def numerical_gradient(f, x, dy, h=1e-5):
    z = np.asarray(x, dtype=float)
    steps = h * np.eye(z.size).reshape(z.size, *z.shape)
    slopes = [np.vdot(f(z + s) - f(z - s), dy) / (2 * h) for s in steps]
    return np.array(slopes).reshape(x.shape).astype(x.dtype)
