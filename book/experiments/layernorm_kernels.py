"""Triton kernels of LayerNorm, forward and backward. ``layernorm_triton.py`` plans, launches and differentiates them.

Every kernel takes an m x n table whose rows are contiguous and lie a stride apart; nothing is assumed of m, n, the
stride or the alignment of a row. A block has a power of two of lanes, so most blocks are wider than their row: each
load, each store and each *sum of deviations* is masked. Arithmetic and statistics are in float32 whatever the inputs.

ALIGN is a power of two that divides n and every stride. Triton itself looks only for multiples of 16. A size divided by
ALIGN and multiplied again is the same size, and one that the compiler sees to be a multiple: so it loads 16 bytes at a
time from rows of 1,000 half-precision numbers too.

Ba, Kiros & Hinton (2016), arXiv:1607.06450, equations 3 and 4; the gradient is equation (eq-dx) of chapter 3. Running
mean and variance: Welford (1962); joining the lanes: Chan, Golub & LeVeque (1983), equation 2.1.
"""

import triton
import triton.language as tl


@triton.jit
def forward_rows(
    x, y, weight, bias, mean, rstd,  # (m, n), (m, n), (n,), (n,), (m,), (m,)
    x_stride, m, n, eps,
    WEIGHT: tl.constexpr, BIAS: tl.constexpr,  # is there one?
    ROWS: tl.constexpr, BLOCK: tl.constexpr, ALIGN: tl.constexpr,  # the tile: BLOCK >= n
):  # fmt: skip
    """ROWS whole rows a program, held in registers: each element is read once and written once."""
    x_stride = x_stride // ALIGN * ALIGN
    n = n // ALIGN * ALIGN
    rows = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    mask = (rows < m)[:, None] & (columns < n)[None, :]

    value = tl.load(x + rows[:, None] * x_stride + columns[None, :], mask=mask, other=0.0).to(tl.float32)
    centre = tl.sum(value, axis=1) / n
    # the surplus lanes hold 0, and 0 - centre is a deviation that no feature has
    centred = tl.where(mask, value - centre[:, None], 0.0)
    reciprocal = tl.rsqrt(tl.sum(centred * centred, axis=1) / n + eps)
    tl.store(mean + rows, centre, mask=rows < m)
    tl.store(rstd + rows, reciprocal, mask=rows < m)

    out = centred * reciprocal[:, None]
    if WEIGHT:
        out *= tl.load(weight + columns, mask=columns < n, other=0.0).to(tl.float32)[None, :]
    if BIAS:
        out += tl.load(bias + columns, mask=columns < n, other=0.0).to(tl.float32)[None, :]
    tl.store(y + rows[:, None] * n + columns[None, :], out, mask=mask)


@triton.jit
def forward_looped(
    x, y, weight, bias, mean, rstd,
    x_stride, m, n, eps,
    WEIGHT: tl.constexpr, BIAS: tl.constexpr,
    BLOCK: tl.constexpr, ALIGN: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Rows too wide for the registers, one at a time: read in chunks for the statistics, then again to normalise.

    Few rows are under way at a time, so that the second-level cache may still hold a row when it is read again. Each lane
    runs Welford's recurrence on the features that it meets, so no lane waits for another within the loop; the lanes'
    results are joined once, at its end.
    """
    x_stride = x_stride // ALIGN * ALIGN
    n = n // ALIGN * ALIGN
    lanes = tl.arange(0, BLOCK)
    counts = (n // BLOCK + (lanes < n % BLOCK)).to(tl.float32)
    for row in range(tl.program_id(0).to(tl.int64), m, tl.num_programs(0)):
        lane_mean = tl.zeros([BLOCK], tl.float32)
        lane_squares = tl.zeros([BLOCK], tl.float32)  # sum of squared deviations from lane_mean
        for start in tl.range(0, n, BLOCK, num_stages=STAGES):
            mask = start + lanes < n
            value = tl.load(
                x + row * x_stride + start + lanes, mask=mask, other=0.0, eviction_policy="evict_last"
            ).to(tl.float32)  # fmt: skip
            seen = start // BLOCK + 1.0
            off = value - lane_mean
            moved = lane_mean + off / seen
            lane_squares += tl.where(mask, off * (value - moved), 0.0)
            lane_mean = tl.where(mask, moved, lane_mean)
        centre = tl.sum(lane_mean * counts, axis=0) / n
        apart = lane_mean - centre
        reciprocal = tl.rsqrt(tl.sum(lane_squares + counts * apart * apart, axis=0) / n + eps)
        tl.store(mean + row, centre)
        tl.store(rstd + row, reciprocal)

        for start in tl.range(0, n, BLOCK, num_stages=STAGES):
            columns = start + lanes
            mask = columns < n
            out = tl.load(
                x + row * x_stride + columns, mask=mask, other=0.0, eviction_policy="evict_first"
            ).to(tl.float32)  # fmt: skip
            out = (out - centre) * reciprocal
            if WEIGHT:
                out *= tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
            if BIAS:
                out += tl.load(bias + columns, mask=mask, other=0.0).to(tl.float32)
            tl.store(y + row * n + columns, out, mask=mask)


@triton.jit
def backward_row_means(
    dy, x, weight, mean, rstd, average, along,  # the last two are written: (m,), float32
    dy_stride, x_stride, n,
    WEIGHT: tl.constexpr, BLOCK: tl.constexpr, ALIGN: tl.constexpr,
):  # fmt: skip
    """Of rows too wide for one program: mean(g) and mean(g * x_hat), one row a program, the last row first.

    ``backward_tiles`` begins with the first rows; those that were read last, it finds in the second-level cache.
    """
    dy_stride = dy_stride // ALIGN * ALIGN
    x_stride = x_stride // ALIGN * ALIGN
    n = n // ALIGN * ALIGN
    row = (tl.num_programs(0) - 1 - tl.program_id(0)).to(tl.int64)
    lanes = tl.arange(0, BLOCK)
    centre = tl.load(mean + row)
    reciprocal = tl.load(rstd + row)
    sums = tl.zeros([BLOCK], tl.float32)
    sums_along = tl.zeros([BLOCK], tl.float32)
    for start in range(0, n, BLOCK):
        columns = start + lanes
        mask = columns < n
        g = tl.load(dy + row * dy_stride + columns, mask=mask, other=0.0).to(tl.float32)
        if WEIGHT:
            g *= tl.load(weight + columns, mask=mask, other=0.0).to(tl.float32)
        value = tl.load(x + row * x_stride + columns, mask=mask, other=0.0).to(tl.float32)
        sums += g
        sums_along += g * (value - centre) * reciprocal
    tl.store(average + row, tl.sum(sums, axis=0) / n)
    tl.store(along + row, tl.sum(sums_along, axis=0) / n)


@triton.jit
def backward_tiles(
    dy, x, weight, mean, rstd, average, along, dx, partial,  # partial: (2, programs along axis 1, n), float32
    dy_stride, x_stride, m, n,
    WHOLE: tl.constexpr, WEIGHT: tl.constexpr, DX: tl.constexpr, DWEIGHT: tl.constexpr, DBIAS: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr, ALIGN: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """All three gradients, tile by tile of ROWS rows and BLOCK columns.

    A tile that has WHOLE rows makes their two means itself: dy and x are read once. Of wider rows ``average`` and ``along``
    are known, and with them every column is on its own.

    There are about as many programs as the machine runs at once. Each keeps to its columns, takes every so-many-th tile of
    rows, writes its dx, and keeps the sums for dgamma and dbeta in registers until its rows are done. STAGES - 1 tiles are
    on their way into shared memory while it works on the one before them.
    """
    dy_stride = dy_stride // ALIGN * ALIGN
    x_stride = x_stride // ALIGN * ALIGN
    n = n // ALIGN * ALIGN
    columns = tl.arange(0, BLOCK)
    if not WHOLE:
        columns += tl.program_id(0) * BLOCK
    program = tl.program_id(1)
    programs = tl.num_programs(1)
    if WEIGHT:
        gain = tl.load(weight + columns, mask=columns < n, other=0.0).to(tl.float32)
    # one sum a lane of the tile; they are added over the rows once, at the end
    weight_sum = tl.zeros([ROWS, BLOCK], tl.float32)
    bias_sum = tl.zeros([ROWS, BLOCK], tl.float32)
    for first in tl.range(program * ROWS, m, programs * ROWS, num_stages=STAGES):
        rows = first + tl.arange(0, ROWS).to(tl.int64)
        mask = (rows < m)[:, None] & (columns < n)[None, :]
        up = tl.load(dy + rows[:, None] * dy_stride + columns[None, :], mask=mask, other=0.0).to(tl.float32)
        value = tl.load(x + rows[:, None] * x_stride + columns[None, :], mask=mask, other=0.0).to(tl.float32)
        centre = tl.load(mean + rows, mask=rows < m, other=0.0)
        reciprocal = tl.load(rstd + rows, mask=rows < m, other=0.0)
        # a surplus lane has x_hat = -centre * reciprocal, but dy = 0 there, and every sum below has dy as a factor
        x_hat = (value - centre[:, None]) * reciprocal[:, None]
        if DX:
            g = up
            if WEIGHT:
                g = up * gain[None, :]
            if WHOLE:
                g_mean = tl.sum(g, axis=1) / n
                g_along = tl.sum(g * x_hat, axis=1) / n
            else:
                g_mean = tl.load(average + rows, mask=rows < m, other=0.0)
                g_along = tl.load(along + rows, mask=rows < m, other=0.0)
            slope = (g - g_mean[:, None] - x_hat * g_along[:, None]) * reciprocal[:, None]
            tl.store(dx + rows[:, None] * n + columns[None, :], slope, mask=mask)
        if DWEIGHT:
            weight_sum += up * x_hat
        if DBIAS:
            bias_sum += up
    place = program.to(tl.int64) * n + columns
    if DWEIGHT:
        tl.store(partial + place, tl.sum(weight_sum, axis=0), mask=columns < n)
    if DBIAS:
        tl.store(partial + programs.to(tl.int64) * n + place, tl.sum(bias_sum, axis=0), mask=columns < n)
