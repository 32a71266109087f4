@triton.jit
def row_of(pointer, row, stride, columns, n):
    return tl.load(pointer + row.to(tl.int64) * stride + columns, mask=columns < n, other=0.0).to(tl.float32)


@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    first = tl.program_id(0)
    step = tl.num_programs(0)
    columns = tl.arange(0, BLOCK)
    gain = tl.load(weight + columns, mask=columns < n, other=0.0).to(tl.float32)
    sums = tl.zeros([2, BLOCK], tl.float32)
    which = tl.arange(0, 2)[:, None]
    for i in range(0, (m - first + step - 1) // step):
        row = first + i * step
        up = row_of(dy, row, dy_stride, columns, n)
        r = tl.load(rstd + row)
        h = tl.where(columns < n, (row_of(x, row, x_stride, columns, n) - tl.load(mean + row)) * r, 0.0)
        g = up * gain
        projected = g - tl.sum(g, axis=0) / n - h * (tl.sum(g * h, axis=0) / n)
        tl.store(dx + row * dx_stride + columns, projected * r, mask=columns < n)
        sums += tl.where(which == 0, (up * h)[None, :], up[None, :])
    place = first * n + columns
    tl.store(dweight + place, tl.sum(tl.where(which == 0, sums, 0.0), axis=0), mask=columns < n)
    tl.store(dbias + place, tl.sum(tl.where(which == 1, sums, 0.0), axis=0), mask=columns < n)
