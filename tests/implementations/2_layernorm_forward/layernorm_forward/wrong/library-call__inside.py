def layernorm_forward(x, gamma, beta, eps=1e-5):
    from scipy.stats import zscore

    return (gamma * zscore(x, axis=-1) + beta).astype(x.dtype), x
