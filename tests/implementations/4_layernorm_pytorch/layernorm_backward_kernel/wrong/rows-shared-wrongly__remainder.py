import triton
import triton.language as tl


@triton.jit
def layernorm_backward_kernel(dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    i = c < n
    gain = tl.load(weight + c, mask=i, other=0.0).to(tl.float32)
    ws = tl.zeros([BLOCK], tl.float32)
    bs = tl.zeros([BLOCK], tl.float32)
    per = m // tl.num_programs(0)
    for row in range(p * per, p * per + per):
        u = tl.load(dy + row * dy_stride + c, mask=i, other=0.0).to(tl.float32)
        f = tl.load(x + row * x_stride + c, mask=i, other=0.0).to(tl.float32)
        r = tl.load(rstd + row)
        h = (f - tl.load(mean + row)) * r
        g = u * gain
        tl.store(dx + row * dx_stride + c, (g - tl.sum(g, axis=0) / n - h * (tl.sum(g * h, axis=0) / n)) * r, mask=i)
        ws += u * h
        bs += u
    tl.store(dweight + p * n + c, ws, mask=i)
    tl.store(dbias + p * n + c, bs, mask=i)
