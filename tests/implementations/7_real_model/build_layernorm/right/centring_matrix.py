import torch


def build_layernorm(weight, bias, eps):
    d = weight.numel()
    P = torch.eye(d, dtype=torch.float64) - 1 / d

    def norm(x):
        c = x.double() @ P
        return (c / torch.sqrt((c @ c.mT).diagonal(dim1=-2, dim2=-1)[..., None] / d + eps) * weight + bias).to(x.dtype) if x.ndim > 1 else norm(x[None])[0]
    return norm
