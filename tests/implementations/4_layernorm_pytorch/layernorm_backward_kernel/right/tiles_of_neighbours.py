@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    """Thirty-two neighbouring rows at a time."""
    ROWS: tl.constexpr = 32
    p = tl.program_id(0)
    step = tl.num_programs(0)
    columns = tl.arange(0, BLOCK)[None, :]
    inside = columns < n
    gain = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    hats = tl.zeros([BLOCK], tl.float32)
    sums = tl.zeros([BLOCK], tl.float32)
    for first in range(p * ROWS, m, ROWS * step):
        rows = first + tl.arange(0, ROWS)[:, None]
        mask = (rows < m) & inside
        up = tl.load(dy + rows * dy_stride + columns, mask=mask, other=0.0).to(tl.float32)
        values = tl.load(x + rows * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
        mu = tl.load(mean + rows, mask=rows < m, other=0.0)
        r = tl.load(rstd + rows, mask=rows < m, other=0.0)
        hat = tl.where(mask, (values - mu) * r, 0.0)
        g = up * gain
        one = tl.sum(g, axis=1)[:, None] / n
        along = tl.sum(g * hat, axis=1)[:, None] / n
        tl.store(dx + rows * dx_stride + columns, (g - one - hat * along) * r, mask=mask)
        hats += tl.sum(up * hat, axis=0)
        sums += tl.sum(up, axis=0)
    k = tl.arange(0, BLOCK)
    tl.store(dweight + p * n + k, hats, mask=k < n)
    tl.store(dbias + p * n + k, sums, mask=k < n)
