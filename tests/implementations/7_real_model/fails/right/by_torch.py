import numpy as np
import torch


def fails(norm):
    g = torch.Generator().manual_seed(3)
    for shape, scale, off, eps, kind, tol in [((2, 3, 4), 1, 1, 0.2, "float32", 0.002), ((3,), 2, 0, 1e-12, "float32", 0.002), ((5, 2), 1, 0, 1e-12, "float32", 0.002), ((2, 2, 2, 6), 0.01, 0, 0.0001, "float32", 0.002), ((4, 65), 1, 9000, 1e-05, "float32", 0.01), ((4, 65), 400, 0, 1e-05, "float16", 0.015), ((4, 6), 0, 2, 1e-05, "float32", 0.002), ((64, 32), 1, 3, 1e-05, "float32", 0.002)]:
        x = (torch.randn(shape, generator=g, dtype=torch.float64) * scale + off).numpy().astype(kind)
        w, b = torch.randn(2, shape[-1], generator=g, dtype=torch.float64).numpy().astype("float32")
        y = np.asarray(norm(x, w, b, eps))
        t = torch.from_numpy(x.astype("f8"))
        v, m = torch.var_mean(t, -1, correction=0, keepdim=True)
        t = ((t - m) / torch.sqrt(v + eps) * torch.from_numpy(w) + torch.from_numpy(b)).numpy()
        if y.shape != x.shape or y.dtype != x.dtype:
            return True
        if not np.nanmax(np.abs(y - t)) <= tol * np.abs(t).max() or np.isnan(y).any():
            return True
    return False
