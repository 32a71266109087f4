def fails(norm):
    """Small tokens whose answers are known."""
    w, b = np.array([2.0, 1.0, 0.5, 1.5]), np.array([0.0, 0.5, 1.0, -1.0])
    x = np.array([[[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]], [[1.0, 1.0, 3.0, 3.0], [2.0, 6.0, 6.0, 2.0]]])
    deviation = np.array([[[-7.0, -1, 1, 7], [-2, -2, 2, 2]], [[-1, -1, 1, 1], [-2, 2, 2, -2]]])
    size = np.array([[5.0, 2.0], [1.0, 2.0]])[..., None]
    for eps in (0.0, 3.0):
        if not np.allclose(norm(x, w, b, eps), deviation / np.sqrt(size**2 + eps) * w + b, atol=1e-4):
            return True
    ones, zeros = np.ones(64, "float32"), np.zeros(64, "float32")
    signs = np.where(np.arange(64) % 2, 1, -1)
    far = norm((10_000 + signs + signs * (np.arange(64) % 3 - 1) / 4)[None].astype("float32"), ones, zeros, 1e-5)
    if not abs(float((far.astype(float) ** 2).mean()) - 1) < 0.01:
        return True
    half = norm((500.0 * signs)[None].astype("float16"), ones.astype("float16"), zeros.astype("float16"), 1e-5)
    return not np.allclose(half, signs, atol=0.01)
