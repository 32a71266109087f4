from typing import NamedTuple

import numpy as np


class Forward(NamedTuple):
    y: np.ndarray
    cache: tuple


def layernorm_forward(x, gamma, beta, eps=1e-5):
    wide = np.asarray(x, dtype=np.float64)
    off = wide - wide.mean(-1, keepdims=True)
    rstd = (np.square(off).mean(-1, keepdims=True) + eps) ** -0.5
    return Forward(y=(off * rstd * gamma + beta).astype(x.dtype), cache=(off, rstd))
