from functools import partial

def apply_norm(weight, bias, eps, x):
    wide = x.float()
    d = x.shape[-1]
    mean = wide.sum(-1, keepdim=True) / d
    deviation = wide - mean
    rstd = 1 / torch.sqrt((deviation * deviation).sum(-1, keepdim=True) / d + eps)
    return torch.addcmul(bias, deviation * rstd, weight).to(x.dtype)

def build_layernorm(weight, bias, eps):
    return partial(apply_norm, weight, bias, eps)
