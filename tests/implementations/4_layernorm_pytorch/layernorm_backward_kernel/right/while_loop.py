@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    pid = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    ok = cols < n
    dw = tl.zeros((BLOCK,), dtype=tl.float32)
    db = tl.zeros((BLOCK,), dtype=tl.float32)
    w = tl.load(weight + cols, mask=ok, other=0).to(tl.float32)
    row = pid
    while row < m:
        v = tl.load(x + row * x_stride + cols, mask=ok, other=0).to(tl.float32)
        t = tl.load(dy + row * dy_stride + cols, mask=ok, other=0).to(tl.float32)
        r = tl.load(rstd + row)
        h = (v - tl.load(mean + row)) * r
        g = t * w
        c1 = tl.sum(h * g, axis=0) / n
        c2 = tl.sum(g, axis=0) / n
        tl.store(dx + row * dx_stride + cols, (g - (h * c1 + c2)) * r, mask=ok)
        dw += t * h
        db += t
        row += tl.num_programs(0)
    tl.store(dweight + pid * n + cols, dw, mask=ok)
    tl.store(dbias + pid * n + cols, db, mask=ok)
