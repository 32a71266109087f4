def layernorm_forward(x, gamma, beta, eps=1e-5):
    row = np.vectorize(lambda r: (r - r.mean()) / np.sqrt(r.var() + eps), signature="(d)->(d)")
    return (row(x.astype(np.float64)) * gamma + beta).astype(x.dtype), None
