@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n
    values = tl.load(x + row * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
    average = tl.sum(values, axis=0) / n
    centred = values - average
    variance = tl.sum(centred * centred, axis=0) / n
    reciprocal = 1 / (tl.sqrt(variance) + eps)
    w = tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
    b = tl.load(bias + columns, mask=mask, other=0.0).to(tl.float32)
    out = centred * reciprocal * w + b
    tl.store(y + row * y_stride + columns, out, mask=mask)
    tl.store(mean + row, average)
    tl.store(rstd + row, reciprocal)
