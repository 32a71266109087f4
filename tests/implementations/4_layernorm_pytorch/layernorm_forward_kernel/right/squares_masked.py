@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    """Unequal other values, a mean that is multiplied by 1/n, the mask in the squares, statistics stored first."""
    pid = tl.program_id(0)
    k = tl.arange(0, BLOCK)
    v = tl.load(x + pid * x_stride + k, mask=k < n, other=0.0).to(tl.float32)
    share = 1.0 / n
    mu = tl.sum(v * share, axis=0)
    tl.store(mean + pid, mu)
    squares = tl.where(k < n, (v - mu) * (v - mu), 0.0)
    r = 1 / tl.sqrt(tl.sum(squares * share, axis=0) + eps)
    tl.store(rstd + pid, r)
    w = tl.load(weight + k, mask=k < n, other=7.0).to(tl.float32) * r
    b = tl.load(bias + k, mask=k < n, other=3.0).to(tl.float32)
    tl.store(y + pid * y_stride + k, tl.fma(v - mu, w, b), mask=k < n)
