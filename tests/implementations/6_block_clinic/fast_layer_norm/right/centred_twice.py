import torch


def fast_layer_norm(x, gamma, beta, eps=1e-05):
    z = x.to(torch.float64)
    n = z.shape[-1]
    c = z - z.sum(-1, keepdim=True) / n
    c = c - c.sum(-1, keepdim=True) / n
    return torch.addcmul(beta.double(), c / (torch.linalg.vector_norm(c, dim=-1, keepdim=True) ** 2 / n + eps).sqrt(), gamma.double()).to(x.dtype)
