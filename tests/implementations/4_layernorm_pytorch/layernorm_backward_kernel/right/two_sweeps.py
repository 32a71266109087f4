@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    """First dx of all rows, then the sums, with pointers that walk."""
    pid = tl.program_id(0).to(tl.int64)
    step = tl.num_programs(0)
    cols = tl.arange(0, BLOCK)
    ok = cols < n
    gamma = tl.load(weight + cols, mask=ok, other=0).to(tl.float32)
    x_at = x + pid * x_stride + cols
    dy_at = dy + pid * dy_stride + cols
    dx_at = dx + pid * dx_stride + cols
    for row in range(pid, m, step):
        r = tl.load(rstd + row)
        h = (tl.load(x_at, mask=ok, other=0).to(tl.float32) - tl.load(mean + row)) * r
        g = tl.load(dy_at, mask=ok, other=0).to(tl.float32) * gamma
        c1 = tl.sum(h * g, axis=0)
        c2 = tl.sum(g, axis=0)
        tl.store(dx_at, (n * g - h * c1 - c2) * r / n, mask=ok)
        x_at += step * x_stride
        dy_at += step * dy_stride
        dx_at += step * dx_stride
    dw = tl.zeros([BLOCK], dtype=tl.float32)
    db = tl.zeros([BLOCK], dtype=tl.float32)
    for row in range(pid, m, step):
        up = tl.load(dy + row * dy_stride + cols, mask=ok, other=0).to(tl.float32)
        v = tl.load(x + row * x_stride + cols, mask=ok, other=0).to(tl.float32)
        dw += up * (v - tl.load(mean + row)) * tl.load(rstd + row)
        db += up
    tl.store(dweight + pid * n + cols, dw, mask=ok)
    tl.store(dbias + pid * n + cols, db, mask=ok)
