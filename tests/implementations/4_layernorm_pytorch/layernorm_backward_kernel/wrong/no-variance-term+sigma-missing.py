@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    program = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n
    w = tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
    weight_sum = tl.zeros([BLOCK], tl.float32)
    bias_sum = tl.zeros([BLOCK], tl.float32)
    for row in range(program, m, tl.num_programs(0)):
        up = tl.load(dy + row * dy_stride + columns, mask=mask, other=0.0).to(tl.float32)
        values = tl.load(x + row * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
        average = tl.load(mean + row)
        reciprocal = tl.load(rstd + row)
        x_hat = tl.where(mask, (values - average) * reciprocal, 0.0)
        g = up * w
        one = tl.sum(g, axis=0) / n
        two = 0.0
        slope = g - one - x_hat * two
        tl.store(dx + row * dx_stride + columns, slope, mask=mask)
        weight_sum += up * x_hat
        bias_sum += up
    tl.store(dweight + program * n + columns, weight_sum, mask=mask)
    tl.store(dbias + program * n + columns, bias_sum, mask=mask)
