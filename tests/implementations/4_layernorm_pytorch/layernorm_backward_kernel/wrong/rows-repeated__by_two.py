@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias,
    dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr,
):
    program = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    gain = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    dw = tl.zeros([BLOCK], tl.float32)
    db = tl.zeros([BLOCK], tl.float32)
    for row in range(program, m, 2):
        up = tl.load(dy + row * dy_stride + columns, mask=inside, other=0.0).to(tl.float32)
        features = tl.load(x + row * x_stride + columns, mask=inside, other=0.0).to(tl.float32)
        r = tl.load(rstd + row)
        x_hat = (features - tl.load(mean + row)) * r
        g = up * gain
        one = tl.sum(g, axis=0) / n
        along = tl.sum(g * x_hat, axis=0) / n
        tl.store(dx + row * dx_stride + columns, (g - one - x_hat * along) * r, mask=inside)
        dw += up * x_hat
        db += up
    tl.store(dweight + program * n + columns, dw, mask=inside)
    tl.store(dbias + program * n + columns, db, mask=inside)
