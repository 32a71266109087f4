def fails(norm):
    def truth(x, weight, bias, eps):
        x, weight, bias = (a.astype("float64") for a in (x, weight, bias))
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight + bias

    rng = np.random.default_rng(0)

    def wrong(x, eps, tolerance=1e-9):
        d = x.shape[-1]
        weight, bias = rng.normal(size=(2, d)).astype("float32")
        found = norm(x, weight, bias, eps)
        if found.shape != x.shape or found.dtype != x.dtype:
            return True
        expected = truth(x, weight, bias, eps)
        return not np.abs(found - expected).max() / np.abs(expected).max() < tolerance

    def tokens(*shape):
        return rng.normal(size=shape).astype("float32")

    return bool(
        wrong(2 + tokens(2, 3, 5), 1e-12)
        or wrong(tokens(6, 3), 1e-12)
        or wrong(tokens(4, 64), 0.5)
        or wrong(1e4 + tokens(3, 64), 1e-5, 1e-9)
        or wrong((300 * tokens(3, 64)).astype("float16"), 1e-5, 1e-9)
    )
