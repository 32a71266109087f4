@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    """Half a block at a time, in three sweeps."""
    row = tl.program_id(0)
    CHUNK: tl.constexpr = BLOCK // 2 if BLOCK >= 2 else BLOCK
    total = tl.zeros([CHUNK], tl.float32)
    for start in range(0, n, CHUNK):
        columns = start + tl.arange(0, CHUNK)
        total += tl.load(x + row * x_stride + columns, mask=columns < n, other=0.0).to(tl.float32)
    mu = tl.sum(total, axis=0) / n
    squares = tl.zeros([CHUNK], tl.float32)
    for start in range(0, n, CHUNK):
        columns = start + tl.arange(0, CHUNK)
        value = tl.load(x + row * x_stride + columns, mask=columns < n, other=0.0).to(tl.float32)
        value = tl.where(columns < n, value - mu, 0.0)
        squares += value * value
    r = tl.rsqrt(tl.sum(squares, axis=0) / n + eps)
    tl.store(mean + row, mu)
    tl.store(rstd + row, r)
    for start in range(0, n, CHUNK):
        columns = start + tl.arange(0, CHUNK)
        mask = columns < n
        value = tl.load(x + row * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
        w = tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
        b = tl.load(bias + columns, mask=mask, other=0.0).to(tl.float32)
        tl.store(y + row * y_stride + columns, (value - mu) * r * w + b, mask=mask)
