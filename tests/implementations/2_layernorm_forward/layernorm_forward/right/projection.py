def layernorm_forward(x, gamma, beta, eps=1e-5):
    d = x.shape[-1]
    c = x.astype(np.float64) @ (np.eye(d) - 1.0 / d)
    r = np.linalg.norm(c, axis=-1, keepdims=True) / np.sqrt(d)
    return (gamma * c / np.hypot(r, np.sqrt(eps)) + beta).astype(x.dtype), r
