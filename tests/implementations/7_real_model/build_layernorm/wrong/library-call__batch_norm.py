def build_layernorm(weight, bias, eps):
    def layernorm(x):
        tokens = x.float().reshape(1, -1, x.shape[-1])
        y = torch.nn.functional.batch_norm(tokens, None, None, training=True, eps=eps)
        return (y.reshape(x.shape) * weight + bias).to(x.dtype)

    return layernorm
