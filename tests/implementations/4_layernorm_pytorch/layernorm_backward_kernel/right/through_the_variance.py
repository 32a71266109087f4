@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    """dx by the chain rule through variance and mean; backwards through the rows."""
    p = tl.program_id(0)
    P = tl.num_programs(0)
    k = tl.arange(0, BLOCK)
    w = tl.load(weight + k, mask=k < n, other=0.0).to(tl.float32)
    a = tl.zeros_like(w)
    b = tl.zeros_like(w)
    mine = (m - p + P - 1) // P
    for i in range(0, mine):
        row = p + (mine - 1 - i) * P
        t = tl.load(dy + row * dy_stride + k, mask=k < n, other=0.0).to(tl.float32)
        v = tl.load(x + row * x_stride + k, mask=k < n, other=0.0).to(tl.float32)
        r = tl.load(rstd + row)
        c = tl.where(k < n, v - tl.load(mean + row), 0.0)
        g = t * w
        dvar = tl.sum(g * c, axis=0) * (-0.5) * r * r * r
        dmean = -r * tl.sum(g, axis=0) - 2.0 * dvar * tl.sum(c, axis=0) / n
        tl.store(dx + row * dx_stride + k, g * r + 2.0 * c * dvar / n + dmean / n, mask=k < n)
        a = a + t * c * r
        b = b + t
    tl.store(dweight + p * n + k, a, mask=k < n)
    tl.store(dbias + p * n + k, b, mask=k < n)
