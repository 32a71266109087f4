def truth(x, weight, bias, eps):
    x, weight, bias = (np.asarray(a, "float64") for a in (x, weight, bias))
    c = x - x.mean(-1, keepdims=True)
    return c / np.sqrt((c * c).mean(-1, keepdims=True) + eps) * weight + bias

def cases():
    rng = np.random.default_rng(1)
    def weights(d, t="float32"):
        return rng.normal(size=d).astype(t), rng.normal(size=d).astype(t)
    for x, eps in (
        (2 + rng.normal(size=(2, 3, 5)).astype("float32"), 1e-12),
        (rng.normal(size=(6, 3)).astype("float32"), 1e-12),
        (rng.normal(size=(4, 64)).astype("float32"), 0.5),
        ((1e4 + rng.normal(size=(3, 64))).astype("float32"), 1e-5),
        ((300 * rng.normal(size=(3, 64))).astype("float16"), 1e-5),
    ):
        w, b = weights(x.shape[-1])
        yield x, w, b, eps

def fails(norm):
    for c in cases():
        t = truth(*c)
        if not (np.abs(norm(*c) - t) / np.abs(t)).max() <= 1e-2:
            return True
    return False
