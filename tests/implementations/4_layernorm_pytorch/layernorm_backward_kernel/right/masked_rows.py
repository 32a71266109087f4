import triton
import triton.language as tl


@triton.jit
def layernorm_backward_kernel(dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    k = tl.num_programs(0)
    c = tl.arange(0, BLOCK)
    i = c < n
    gain = tl.load(weight + c, mask=i, other=0.0).to(tl.float32)
    ws = tl.zeros_like(gain)
    bs = tl.zeros_like(gain)
    rounds = tl.cdiv(m, k)
    for t in range(rounds):
        row = p + t * k
        ok = i & (row < m)
        u = tl.load(dy + row * dy_stride + c, mask=ok, other=0.0).to(tl.float32)
        f = tl.load(x + row * x_stride + c, mask=ok, other=0.0).to(tl.float32)
        r = tl.load(rstd + row, mask=row < m, other=0.0)
        mu = tl.load(mean + row, mask=row < m, other=0.0)
        h = (f - mu) * r
        g = u * gain
        c1 = tl.sum(g, axis=0) / n
        c2 = tl.sum(g * h, axis=0) / n
        tl.store(dx + row * dx_stride + c, r * (g - (c1 + h * c2)), mask=ok)
        ws = tl.fma(u, h, ws)
        bs += u
    tl.store(dweight + p * n + c, ws, mask=i)
    tl.store(dbias + p * n + c, bs, mask=i)
