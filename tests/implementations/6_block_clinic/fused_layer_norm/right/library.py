from torch.nn import functional as F


def fused_layer_norm(x, gamma, beta, eps=1e-05):
    return F.layer_norm(x.double(), x.shape[-1:], gamma.double(), beta.double(), eps).to(x.dtype)
