def build_layernorm(weight, bias, eps):
    def norm(x):
        z = x.double()
        variance, mean = torch.var_mean(z, -1, correction=0, keepdim=True)
        return ((z - mean) / (variance + eps).sqrt()).to(x.dtype)

    return norm
