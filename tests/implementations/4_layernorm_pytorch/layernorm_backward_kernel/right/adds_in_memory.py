@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    """A program's row of partial sums is its own, so it may add there without atomics."""
    program = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n
    my_dweight = dweight + program * n + columns
    my_dbias = dbias + program * n + columns
    tl.store(my_dweight, tl.zeros([BLOCK], tl.float32), mask=mask)
    tl.store(my_dbias, tl.zeros([BLOCK], tl.float32), mask=mask)
    for row in range(program, m, tl.num_programs(0)):
        up = tl.load(dy + row * dy_stride + columns, mask=mask, other=0.0).to(tl.float32)
        x_hat = tl.load(x + row * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
        r = tl.load(rstd + row)
        x_hat = (x_hat - tl.load(mean + row)) * r
        g = up * tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
        dx_row = g * r - (tl.sum(g, axis=0) + x_hat * tl.sum(g * x_hat, axis=0)) * r / n
        tl.store(dx + row * dx_stride + columns, dx_row, mask=mask)
        tl.store(my_dweight, tl.load(my_dweight, mask=mask) + up * x_hat, mask=mask)
        tl.store(my_dbias, tl.load(my_dbias, mask=mask) + up, mask=mask)
