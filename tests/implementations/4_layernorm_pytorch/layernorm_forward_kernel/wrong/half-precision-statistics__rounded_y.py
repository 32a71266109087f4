@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    features = tl.load(x + row * x_stride + columns, mask=inside, other=0.0).to(tl.float32)
    average = tl.sum(features, axis=0) / n
    deviation = tl.where(inside, features - average, 0.0)
    r = 1 / tl.sqrt(tl.sum(deviation * deviation, axis=0) / n + eps)
    w = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    b = tl.load(bias + columns, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + row * y_stride + columns, (deviation * r * w + b).to(tl.float16), mask=inside)
    tl.store(mean + row, average)
    tl.store(rstd + row, r)
