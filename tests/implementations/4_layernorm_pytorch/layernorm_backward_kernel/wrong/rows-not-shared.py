@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    program = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n
    gain = tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
    hats = tl.zeros([BLOCK], tl.float32)
    sums = tl.zeros([BLOCK], tl.float32)
    if program == 0:
        for row in range(m):
            up = tl.load(dy + row * dy_stride + columns, mask=mask, other=0.0).to(tl.float32)
            hat = tl.load(x + row * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
            r = tl.load(rstd + row)
            hat = (hat - tl.load(mean + row)) * r
            g = up * gain
            along = tl.sum(g * hat, axis=0) / n
            tl.store(dx + row * dx_stride + columns, (g - tl.sum(g, axis=0) / n - hat * along) * r, mask=mask)
            hats += up * hat
            sums += up
    tl.store(dweight + program * n + columns, hats, mask=mask)
    tl.store(dbias + program * n + columns, sums, mask=mask)
