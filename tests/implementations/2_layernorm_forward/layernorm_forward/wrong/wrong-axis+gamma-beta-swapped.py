def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = x.astype("float64")
    off = wide - wide.mean(axis=0)
    x_hat = off / ((off**2).mean(axis=0) + eps) ** 0.5
    return (gamma + beta * x_hat).astype(x.dtype), x_hat
