@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    """The BLOCK - n surplus lanes add mean² each to the sum of squares: taken off again."""
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    first = tl.load(x + row * x_stride).to(tl.float32)  # a shift, so that nothing large is subtracted
    values = tl.load(x + row * x_stride + columns, mask=inside, other=first).to(tl.float32) - first
    shifted = tl.sum(values, axis=0) / n
    deviation = values - shifted
    squares = tl.sum(deviation * deviation, axis=0) - (BLOCK - n) * shifted * shifted
    reciprocal = tl.rsqrt(squares / n + eps)
    gain = tl.load(weight + columns, mask=inside)
    shift = tl.load(bias + columns, mask=inside)
    out = deviation * reciprocal * gain.to(tl.float32) + shift.to(tl.float32)
    tl.store(y + row * y_stride + columns, out, mask=inside)
    tl.store(mean + row, shifted + first)
    tl.store(rstd + row, reciprocal)
