import triton
import triton.language as tl
from triton.language import constexpr



@triton.constexpr_function
def rounded(length):
    return triton.next_power_of_2(length)


@triton.jit
def total(values):
    return tl.sum(values, axis=0)


@triton.jit
def over(count, reduced: tl.constexpr, values):
    return reduced(values) / count


@triton.jit
def layernorm_forward_kernel(
    x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: constexpr
):
    row = tl.program_id(0)
    columns = tl.arange(0, rounded(BLOCK))
    inside = columns < n
    features = tl.load(x + row * x_stride + columns, mask=inside, other=0.0).to(tl.float32)
    w = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    b = tl.load(bias + columns, mask=inside, other=0.0).to(tl.float32)
    average = over(n, total, features)
    deviation = tl.where(inside, features - average, 0.0)
    r = 1 / tl.sqrt(tl.sum(deviation * deviation, axis=0) / n + eps)
    tl.store(y + row * y_stride + columns, deviation * r * w + b, mask=inside)
    tl.store(mean + row, average)
    tl.store(rstd + row, r)
