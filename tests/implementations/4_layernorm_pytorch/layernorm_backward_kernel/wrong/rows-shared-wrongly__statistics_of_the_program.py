@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    """Each program takes a run of neighbouring rows; the caller's sum is the same."""
    p = tl.program_id(0)
    programs = tl.num_programs(0)
    share = (m + programs - 1) // programs
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    gain = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    sums = tl.zeros([BLOCK], tl.float32)
    hats = tl.zeros([BLOCK], tl.float32)
    for row in range(p * share, tl.minimum((p + 1) * share, m)):
        up = tl.load(dy + row * dy_stride + columns, mask=inside, other=0.0).to(tl.float32)
        value = tl.load(x + row * x_stride + columns, mask=inside, other=0.0).to(tl.float32)
        s = tl.load(rstd + p)
        hat = (value - tl.load(mean + p)) * s
        g = up * gain
        g -= tl.where(inside, tl.sum(g, axis=0) / n, 0.0)
        hats += up * hat
        sums += up
        tl.store(dx + row * dx_stride + columns, s * (g - hat * (tl.sum(g * hat, axis=0) / n)), mask=inside)
    tl.store(dweight + p * n + columns, hats, mask=inside)
    tl.store(dbias + p * n + columns, sums, mask=inside)
