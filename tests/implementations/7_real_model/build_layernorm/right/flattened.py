def build_layernorm(weight, bias, eps):
    d = len(weight)

    def norm(x):
        tokens = x.reshape(-1, d).to(torch.float64)
        out = torch.empty_like(tokens)
        for i, token in enumerate(tokens):
            centred = token - token.mean()
            out[i] = centred / (centred.dot(centred) / d + eps) ** 0.5 * weight + bias
        return out.to(x.dtype).reshape(x.shape)

    return norm
