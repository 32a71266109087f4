import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    if gamma.shape != (x.shape[-1],) or beta.shape != (x.shape[-1],):
        raise ValueError("gamma and beta need one number a feature")

    def one_token(token):
        token = token.astype(np.float64)
        centred = token - token.mean()
        return gamma * centred / np.sqrt(centred @ centred / centred.size + eps) + beta

    return np.apply_along_axis(one_token, -1, x).astype(x.dtype), {"x": x, "gamma": gamma, "eps": eps}
