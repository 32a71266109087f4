def build_rmsnorm(weight, eps):
    rmsnorm = lambda x: x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * weight  # noqa: E731
    rmsnorm
