def fails(norm):
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    x = x - x.mean(-1, keepdims=True)
    y = norm(x, np.linspace(-2, 2, 8), np.linspace(3, 1, 8), 0.5)
    right = x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.5) * np.linspace(-2, 2, 8) + np.linspace(3, 1, 8)
    if np.abs(y - right).max() > 1e-3:
        return True
    few = np.array([[1.0, -1.0]])
    if np.abs(norm(few, np.ones(2), np.zeros(2), 0.0) - few).max() > 1e-3:
        return True
    mixed = np.array([[-5.0, 0.0, 5.0]])
    if np.abs(norm(mixed, np.ones(3), np.zeros(3), 0.0) - mixed / np.sqrt(50 / 3)).max() > 1e-3:
        return True
    signs = np.where(np.arange(64) % 2, 1, -1)
    half = norm((500.0 * signs)[None].astype("float16"), np.ones(64, "float16"), np.zeros(64, "float16"), 1e-5)
    if not np.allclose(half, signs, atol=0.01):
        return True
    far = norm((10_000 + signs)[None].astype("float32"), np.ones(64, "float32"), np.zeros(64, "float32"), 1e-5)
    return not abs(float((far.astype(float) ** 2).mean()) - 1) < 0.01
