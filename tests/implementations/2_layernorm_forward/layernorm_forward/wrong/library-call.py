import numpy as np
import torch


def layernorm_forward(x, gamma, beta, eps=1e-5):
    tensors = [torch.from_numpy(np.ascontiguousarray(a)) for a in (x, gamma, beta)]
    y = torch.nn.functional.layer_norm(tensors[0], (x.shape[-1],), tensors[1], tensors[2], eps)
    return y.numpy(), x
