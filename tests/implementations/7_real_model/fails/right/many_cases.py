import numpy as np


def truth(x, w, b, eps):
    x, w, b = (a.astype("float64") for a in (x, w, b))
    c = x - x.mean(-1, keepdims=True)
    return c / np.sqrt((c ** 2).mean(-1, keepdims=True) + eps) * w + b


def fails(norm):
    r = np.random.default_rng(1)

    def bad(x, eps, tol):
        d = x.shape[-1]
        w = (r.choice([-1, 1], d) * r.uniform(0.5, 2, d)).astype("float32")
        b = r.normal(size=d).astype("float32")
        keep = (x.copy(), w.copy(), b.copy())
        try:
            y = norm(x, w, b, eps)
        except Exception:
            return True
        if getattr(y, "shape", None) != x.shape or y.dtype != x.dtype:
            return True
        if any(((p != q).any() for p, q in zip(keep, (x, w, b)))):
            return True
        t = truth(*keep, eps)
        with np.errstate(all="ignore"):
            return not np.abs(y.astype("f8") - t).max() <= tol * np.abs(t).max()
    f = lambda *s: r.normal(size=s).astype("float32")
    cases = [(f(5), 0.1, 0.002), (f(1, 3), 0.1, 0.002), (f(3, 3, 3), 1e-09, 0.002), (f(2, 1, 2, 4), 0.3, 0.002), (f(4, 1), 0.1, 0.002), (5 + f(2, 3, 768), 1e-05, 0.002), (10000.0 + f(2, 200), 1e-05, 0.01), (np.full((2, 4), 5, "float32"), 1e-05, 0.002), ((f(2, 100) * 300).astype("float16"), 1e-05, 0.02), (f(2, 3, 5).astype("float64"), 0.1, 0.002), (0.001 * f(3, 7), 1e-06, 0.002)]
    return any((bad(*c) for c in cases))
