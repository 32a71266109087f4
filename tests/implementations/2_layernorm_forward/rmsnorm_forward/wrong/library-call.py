import numpy as np
import torch.nn.functional as F
from torch import from_numpy


def rmsnorm_forward(x, gamma, eps=1e-5):
    y = F.rms_norm(from_numpy(np.ascontiguousarray(x)), (x.shape[-1],), from_numpy(gamma), eps)
    return y.numpy(), None
