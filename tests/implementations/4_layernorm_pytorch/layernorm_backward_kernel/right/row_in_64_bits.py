import triton
import triton.language as tl


@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    p, programs = tl.program_id(0), tl.num_programs(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    w = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    of_weight = tl.zeros([BLOCK], tl.float32)
    of_bias = tl.zeros([BLOCK], tl.float32)
    for row in range(p, m, programs):
        row = row.to(tl.int64)
        up = tl.load(dy + row * dy_stride + columns, mask=inside, other=0.0).to(tl.float32)
        r = tl.load(rstd + row)
        hat = (tl.load(x + row * x_stride + columns, mask=inside, other=0.0).to(tl.float32) - tl.load(mean + row)) * r
        g = up * w
        slope = (g - tl.sum(g, axis=0) / n - hat * (tl.sum(g * hat, axis=0) / n)) * r
        tl.store(dx + row * dx_stride + columns, slope, mask=inside)
        of_weight += up * hat
        of_bias += up
    tl.store(dweight + p * n + columns, of_weight, mask=inside)
    tl.store(dbias + p * n + columns, of_bias, mask=inside)
