def numerical_gradient(f, x, dy, h=1e-5):
    grad = np.zeros_like(x, dtype=np.float64)
    z = np.array(x, dtype=np.float64)
    it = np.nditer(z, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        old = z[ix]
        z[ix] = old + h
        pos = f(z).copy() if hasattr(f(z), "copy") else f(z)
        z[ix] = old - h
        neg = f(z)
        z[ix] = old
        grad[ix] = np.sum((pos - neg) * dy) / (2 * h)
        it.iternext()
    return grad.astype(x.dtype)
