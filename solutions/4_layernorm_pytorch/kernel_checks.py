"""The visible checks of the two Triton kernels, and what stands in for Triton where it is not installed."""

import importlib
import os
from collections.abc import Callable

import torch

import gpu_compiler
import kernel_accesses
import python_errors
from card import Answer, Card, attempt, describe
from common_checks import (
    BIAS,
    CHAPTER,
    DBIAS,
    DEVICE,
    DWEIGHT,
    DX,
    DY,
    PRECISION,
    TOKENS,
    WEIGHT,
    Y,
    forward_signs,
    slope_signs,
    tensor,
)
from tensors import compare

TRITON_FORWARD = "triton-forward: How is a kernel written?"
TRITON_BACKWARD = "triton-backward: How do programs that each own a row compute a sum over rows?"
PADDING = "padding-trap: Why does RMSNorm need no mask in its sum, and LayerNorm does?"
COMPILER = "without-a-gpu: Without a GPU"

_UNTOUCHED = -7.0


# Triton, or what stands in for it -------------------------------------------------------------


class _StandIn:
    """Takes the place of Triton where it is not installed: a kernel can be defined, and not be run."""

    def __getattr__(self, name: str) -> "_StandIn":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs) -> "_StandIn":
        return self

    def __getitem__(self, key) -> "_StandIn":
        return self


def triton() -> tuple:
    """Return (triton, triton.language); without a GPU Triton's interpreter runs the kernels."""
    if DEVICE == "cpu":
        os.environ["TRITON_INTERPRET"] = "1"  # is read when Triton is imported
    try:
        import triton
        import triton.language
    except ImportError:
        return _StandIn(), _StandIn()
    if DEVICE == "cpu":
        gpu_compiler.mend_interpreter()
    return triton, triton.language


def _runs(card: Card, kernel: object, name: str) -> bool:
    """Note whether there is a kernel that can be launched here."""
    if isinstance(kernel, _StandIn):
        card.note(
            "Triton is not installed here, so this kernel can't be run; it is optional, and the rest "
            "of the notebook does not "
            "need it. On Linux: python -m pip install triton==3.7.1; then "
            "restart the kernel. No GPU is needed."
        )
        return False
    if isinstance(kernel, importlib.import_module("triton.runtime.jit").KernelInterface):
        return True
    hint = f"Keep the line `@triton.jit` above `def {name}(…)`."
    return card.check(
        False, "is a Triton kernel", "a function under @triton.jit", describe(kernel), hint, TRITON_FORWARD
    )


# the kernels ----------------------------------------------------------------------------------


def _table(values, stride: int, dtype=torch.float32) -> torch.Tensor:
    """Rows a stride apart in memory that is full of NaN, as far as a block may reach."""
    values = torch.as_tensor(values, dtype=torch.float64)
    roomy = torch.full((len(values) + 1 + 64 // stride, stride), float("nan"), dtype=torch.float64)
    roomy[: len(values), : values.shape[1]] = values
    return roomy.to(DEVICE, dtype)


def _vector(values, dtype=torch.float32) -> torch.Tensor:
    """Values with NaN behind them."""
    return torch.cat([torch.as_tensor(values, dtype=torch.float64), torch.full((64,), float("nan"))]).to(DEVICE, dtype)


def _blank(*shape: int, dtype=torch.float32) -> torch.Tensor:
    return torch.full(shape, _UNTOUCHED, device=DEVICE, dtype=dtype)


def _launch(kernel, grid: int, *args, block: int) -> Answer:
    def launch() -> None:
        function, options = kernel, {"BLOCK": block}
        if DEVICE == "cpu":  # no GPU times the configurations of `@triton.autotune`
            function, options = gpu_compiler.alone(kernel, args, options)
        function[(grid,)](*args, **options)

    answer = attempt(launch)
    if "write this" in answer.problem or "NotImplementedError" in answer.problem:
        return Answer(None, *python_errors.NOT_WRITTEN)
    return answer


def _compiles(card: Card, kernel, arguments: Callable) -> None:
    """Note what a GPU's compiler says; where there is one, it has spoken at the first launch.

    arguments: from the dtype of the rows to what the kernel is launched with for the worked example.
    """
    if DEVICE != "cpu":
        return
    try:
        for dtype in (torch.float32, torch.bfloat16):
            gpu_compiler.compile_for_gpu(kernel, *arguments(dtype), BLOCK=4)
    except gpu_compiler.Unknown as unknown:
        card.note(f"Whether a GPU's compiler takes the kernel can't be told here: {unknown}")
    except gpu_compiler.CompilationError as error:
        text = f"a GPU's compiler takes it, for rows of {str(dtype).removeprefix('torch.')}"
        card.check(False, text, "it compiles", *python_errors.told(error), COMPILER)
    else:
        card.check(True, "a GPU's compiler takes it, as far as that can be told without a GPU")


def _memory(card: Card, kernel, arguments: tuple, read: dict[str, int], written: dict[str, int]) -> None:
    """Check that no two programs meet in memory, and note how often each number of the example's two rows of four is touched.

    A GPU runs the programs at the same time; what they do in one place is seen in Triton's interpreter.
    read, written: {name: position among the arguments}.
    """
    if DEVICE != "cpu":
        return
    with kernel_accesses.noted() as accesses:
        ran = _launch(kernel, 2, *arguments, block=4)
    race = kernel_accesses.first_race(accesses)
    hint = "On a GPU they run at the same time. So none may prepare, read or correct what another one writes."
    found = race and f"program {race.other} {race.does} what program {race.writer} writes"
    card.check(race is None, "no program touches what another one writes", "no race", found, hint, COMPILER)
    if not ran.problem:
        loaded, stored = kernel_accesses.counted(accesses, {name: arguments[i] for name, i in (read | written).items()})
        reads = (f"{name} {loaded[name] / 8:g}×" for name in read)
        writes = (f"{name} {stored[name] / 8:g}×" for name in written)
        card.note(f"Memory: reads {', '.join(reads)}, writes {', '.join(writes)}. Once each is the least.")


def _undefined(card: Card, run: Callable[[], Answer], expected: torch.Tensor) -> None:
    """Compare once more, with NaN in the lanes of which a load says nothing; a GPU can't be told what to have there."""
    if DEVICE != "cpu":
        return
    with kernel_accesses.undefined_lanes():
        answer = run()
    text = "… and the same with NaN in the lanes that a load without `other` leaves out"
    hint = "Triton promises no zeros there: `tl.load(…, mask=columns < n, other=0.0)` for all that goes into a sum."
    compare(card, text, answer, expected, hint, PADDING, atol=1e-3)


def _forward(
    kernel, x, weight, bias, eps, n, block, stride, y_stride, dtype=torch.float32
) -> tuple[Answer, Answer, Answer, int]:
    """Return (y, mean, rstd, how many values outside of the rows were written)."""
    rows = len(x)
    y, mean, rstd = _blank(rows + 1 + 64 // y_stride, y_stride, dtype=dtype), _blank(rows + 1), _blank(rows + 1)
    table = _table(x, stride, dtype)
    ran = _launch(
        kernel,
        rows,
        table,
        y,
        _vector(weight, dtype),
        _vector(bias, dtype),
        mean,
        rstd,
        stride,
        y_stride,
        n,
        eps,
        block=block,
    )
    if ran.problem:
        return ran, ran, ran, 0
    inside = y[:rows, :n].double()
    outside = int((y != _UNTOUCHED).sum() - (y[:rows, :n] != _UNTOUCHED).sum())
    return Answer(inside), Answer(mean[:rows].double()), Answer(rstd[:rows].double()), outside


def forward_kernel(kernel: object) -> None:
    card = Card("layernorm_forward_kernel", CHAPTER)
    if _runs(card, kernel, "layernorm_forward_kernel"):
        y, mean, rstd, _ = _forward(kernel, TOKENS, WEIGHT, BIAS, 1e-5, 4, 4, 4, 4)
        hint = "One program, one row: load it, mean, variance, rstd, then weight·x̂ + bias."
        only_one = tensor([[-1.8, -0.2, -0.9, 4.1], [_UNTOUCHED] * 4])
        signs = [
            (only_one, "Only row 0 was written: `row = tl.program_id(0)`.", TRITON_FORWARD),
            (tensor(Y).half().double(), "y was rounded to float16. Its rows are float32 here, and the store converts by itself.", PRECISION),
            *forward_signs(TRITON_FORWARD),
        ]
        if compare(card, "the worked example (n = BLOCK = 4): y", y, tensor(Y), hint, TRITON_FORWARD, signs):
            signs = [
                (tensor([_UNTOUCHED] * 2), "Nothing was stored there: `tl.store(mean + row, …)`.", TRITON_FORWARD)
            ]
            compare(card, "… mean", mean, tensor([4.0, 2.0]), "One float32 number a row.", TRITON_FORWARD, signs)
            signs.append(
                (tensor([5.0, 2.0]), "This is the standard deviation; rstd is its reciprocal.", TRITON_FORWARD)
            )
            compare(
                card, "… rstd", rstd, tensor([0.2, 0.5]), "1/√(variance + ε), one number a row.", TRITON_FORWARD, signs
            )
            if _forward_strides(card, kernel):  # a wrong stride finds NaN too, which is not a missing mask then
                _forward_padding(card, kernel)
            _forward_rest(card, kernel)
            _memory(card, kernel, _forward_arguments(torch.float32), {"x": 0}, {"y": 1})
            _compiles(card, kernel, _forward_arguments)
    card.show()


def _forward_arguments(dtype: torch.dtype) -> tuple:
    tables = _table(TOKENS, 4, dtype), _blank(2, 4, dtype=dtype), _vector(WEIGHT, dtype), _vector(BIAS, dtype)
    return *tables, _blank(2), _blank(2), 4, 4, 4, 1e-5


def _forward_padding(card: Card, kernel) -> None:
    rows = [[8.0, 11.0, 14.0], [1.0, 1.0, 4.0]]
    y, mean, rstd, outside = _forward(kernel, rows, [1.0] * 3, [0.0] * 3, 1e-5, 3, 4, 5, 5)
    half = 0.7071
    expected = tensor([[-1.2247, 0.0, 1.2247], [-half, -half, 2 * half]])
    signs = [
        (
            tensor([[-0.4407, 0.0, 0.4407], [-0.5477, -0.5477, 1.0954]]),
            "The fourth lane was counted: it holds 0, and (0 − mean)² went into the variance.",
            PADDING,
        ),
        (
            tensor([[-0.0784, 0.8622, 1.8029], [-0.3849, -0.3849, 1.9245]]),
            "The sums were divided by BLOCK. Divide by n.",
            PADDING,
        ),
        (
            tensor([[-0.0479, 0.5274, 1.1028], [-0.3333, -0.3333, 1.6667]]),
            "The sums were divided by BLOCK. Divide by n.",
            PADDING,
        ),
    ]
    hint = "Divide by n, and set the deviation of every lane past n to 0 before you square."
    if not y.problem and bool(y.value.isnan().any()):
        hint = "Behind each row stands NaN here, and it was read: `mask=columns < n, other=0.0` in every load."
    if compare(
        card,
        "rows (8, 11, 14) and (1, 1, 4) with BLOCK = 4, a stride of 5 and NaN behind them",
        y,
        expected,
        hint,
        PADDING,
        signs,
        atol=1e-3,
    ):
        hint = "Every `tl.store` of a row needs `mask=columns < n`, and rows of y begin at y + row·y_stride."
        card.check(
            not outside, "… and nothing outside of the rows is written", "0 values", f"{outside} values", hint, PADDING
        )
        _undefined(card, lambda: _forward(kernel, rows, [1.0] * 3, [0.0] * 3, 1e-5, 3, 4, 5, 5)[0], expected)


def _forward_strides(card: Card, kernel) -> bool:
    hint = "Row i of x begins at x + i * x_stride, and that of y at y + i * y_stride. Here they are longer than n."
    y, *_ = _forward(kernel, TOKENS, WEIGHT, BIAS, 1e-5, 4, 4, 9, 6)
    return compare(card, "the example with strides 9 and 6", y, tensor(Y), hint, TRITON_FORWARD, atol=2e-3)


def _forward_rest(card: Card, kernel) -> None:
    y, *_ = _forward(kernel, TOKENS[:1], [1.0] * 4, [0.0] * 4, 11.0, 4, 4, 4, 4)
    expected = tensor([[-7 / 6, -1 / 6, 1 / 6, 7 / 6]])
    compare(card, "ε = 11: the root is 6", y, expected, "eps is added under the root.", TRITON_FORWARD)
    y, *_ = _forward(kernel, [[98.0, 99.0, 101.0, 102.5]], [1.0] * 4, [0.0] * 4, 1e-5, 4, 4, 4, 4, torch.bfloat16)
    expected = tensor([[-1.2174, -0.6445, 0.5013, 1.3606]])
    hint = "`tl.load(…).to(tl.float32)` for everything that is loaded; the store converts back by itself."
    compare(card, "bfloat16 features (98, 99, 101, 102.5)", y, expected, hint, PRECISION, atol=0.01)
    far = [[value + 8192 for value in row] for row in TOKENS]
    y, *_ = _forward(kernel, far, WEIGHT, BIAS, 1e-5, 4, 4, 4, 4)
    hint = "mean(x²) − mean(x)² has no digit left here. The row is in registers: subtract the mean, then square."
    compare(card, "the example shifted by 8192", y, tensor(Y), hint, PRECISION, atol=0.01)


def _backward(
    kernel, dy, x, weight, mean, rstd, n, block, programs, strides, dtype=torch.float32
) -> tuple[Answer, Answer, Answer, int]:
    """Return (dx, the sums of the partial sums for weight and bias, how many values outside were written)."""
    rows = len(x)
    dx = _blank(rows + 1 + 64 // strides[2], strides[2], dtype=dtype)
    sums = [_blank(programs + 1 + 64 // n, n) for _ in range(2)]
    ran = _launch(
        kernel,
        programs,
        _table(dy, strides[0], dtype),
        _table(x, strides[1], dtype),
        _vector(weight, dtype),
        _vector(mean),
        _vector(rstd),
        dx,
        *sums,
        *strides,
        rows,
        n,
        block=block,
    )
    if ran.problem:
        return ran, ran, ran, 0
    outside = int((dx != _UNTOUCHED).sum() - (dx[:rows, :n] != _UNTOUCHED).sum()) + sum(
        int((s[programs:] != _UNTOUCHED).sum()) for s in sums
    )
    return Answer(dx[:rows, :n].double()), *(Answer(s[:programs].double().sum(0)) for s in sums), outside


def backward_kernel(kernel: object) -> None:
    card = Card("layernorm_backward_kernel", CHAPTER)
    if _runs(card, kernel, "layernorm_backward_kernel"):
        dx, dweight, dbias, _ = _backward(kernel, DY, TOKENS, WEIGHT, [4.0, 2.0], [0.2, 0.5], 4, 4, 2, (4, 4, 4))
        of_x, of_weight, of_bias = slope_signs(TRITON_BACKWARD)
        hint = "g = dy·weight; dx = (g − mean(g) − x̂·mean(g·x̂))·rstd, with x̂ = (x − mean)·rstd."
        if compare(card, "the worked example, 2 programs: dx", dx, tensor(DX), hint, TRITON_BACKWARD, of_x):
            hint = "Row p of dweight and dbias, at + p·n, belongs to program p: Σ dy·x̂ and Σ dy over its rows."
            good = compare(
                card, "… weight's partial sums, added up", dweight, tensor(DWEIGHT), hint, TRITON_BACKWARD, of_weight, atol=1e-3
            )
            if good & compare(
                card, "… bias's partial sums, added up", dbias, tensor(DBIAS), hint, TRITON_BACKWARD, of_bias, atol=1e-3
            ):
                _other_programs(card, kernel)
                _memory(card, kernel, _backward_arguments(torch.float32), {"dy": 0, "x": 1}, {"dx": 5})
                _shared(card, kernel)
                if _backward_strides(card, kernel):
                    _backward_padding(card, kernel)
                _backward_half(card, kernel)
                _compiles(card, kernel, _backward_arguments)
    card.show()


def _backward_arguments(dtype: torch.dtype, times: int = 1) -> tuple:
    """Return what the kernel is launched with for the example, or for its rows several times over."""
    tables = _table(DY * times, 4, dtype), _table(TOKENS * times, 4, dtype), _vector(WEIGHT, dtype)
    statistics, rows = (_vector([4.0, 2.0] * times), _vector([0.2, 0.5] * times)), 2 * times
    return *tables, *statistics, _blank(rows, 4, dtype=dtype), _blank(2, 4), _blank(2, 4), 4, 4, 4, rows, 4


def _shared(card: Card, kernel) -> None:
    """Check that one of two programs does not do all of eight rows."""
    if DEVICE != "cpu":
        return
    arguments = _backward_arguments(torch.float32, 4)
    with kernel_accesses.noted() as accesses:
        _launch(kernel, 2, *arguments, block=4)
    busy = kernel_accesses.who_stores(accesses, arguments[5])
    found = f"all of them by program {', '.join(map(str, busy))}"
    hint = "`for row in range(program, m, tl.num_programs(0))`: a program takes every so-many-th row, beginning with its own."
    card.check(len(busy) == 2, "two programs share eight rows", "some by each", found, hint, TRITON_BACKWARD)


def _other_programs(card: Card, kernel) -> None:
    for programs in (1, 3):
        dx, dweight, dbias, _ = _backward(kernel, DY, TOKENS, WEIGHT, [4.0, 2.0], [0.2, 0.5], 4, 4, programs, (4, 4, 4))
        text = "one program for both rows" if programs == 1 else "three programs for two rows"
        hint = (
            "`for row in range(program, m, tl.num_programs(0))`: a program takes every so-many-th row, "
            "and adds up what they give."
        )
        if programs == 3:
            hint = "A program without a row of its own stores zeros."
        if not compare(card, f"{text}: dx", dx, tensor(DX), hint, TRITON_BACKWARD, atol=1e-3):
            return
        signs = [
            (
                tensor([-1.0, 0.0, 2.0, 0.0]),
                "Only the second row is in the sums: `+=`, and one store after the loop.",
                TRITON_BACKWARD,
            ),
            (tensor([0.0, -0.4, -0.4, 2.8]), "Only the first row is in the sums.", TRITON_BACKWARD),
        ]
        compare(
            card,
            "… weight's partial sums, added up",
            dweight,
            tensor(DWEIGHT),
            hint,
            TRITON_BACKWARD,
            signs,
            atol=1e-3,
        )
        compare(card, "… bias's partial sums, added up", dbias, tensor(DBIAS), hint, TRITON_BACKWARD, atol=1e-3)


def _backward_strides(card: Card, kernel) -> bool:
    hint = "dy, x and dx have each a stride of its own, dy_stride, x_stride and dx_stride. Here they are longer than n."
    dx, *_ = _backward(kernel, DY, TOKENS, WEIGHT, [4.0, 2.0], [0.2, 0.5], 4, 4, 2, (9, 6, 5))
    return compare(card, "the example with strides 9, 6 and 5: dx", dx, tensor(DX), hint, TRITON_BACKWARD, atol=1e-3)


def _backward_padding(card: Card, kernel) -> None:
    # x̂ = (−1, −1, 2)/√2, and g = dy = (3, 0, 0): mean(g) = 1, mean(g ⊙ x̂) = −1/√2.
    def run() -> tuple:
        return _backward(kernel, [[3.0, 0.0, 0.0]], [[1.0, 1.0, 4.0]], [1.0] * 3, [2.0], [0.5**0.5], 3, 4, 1, (5, 6, 7))

    dx, _, _, outside = run()
    expected = tensor([[1.0607, -1.0607, 0.0]])
    hint = "Divide by n, not by BLOCK, and mask every load."
    if not dx.problem and bool(dx.value.isnan().any()):
        hint = "Behind each row stands NaN here, and it was read: `mask=columns < n, other=0.0` in every load."
    if compare(
        card,
        "the row (1, 1, 4) with BLOCK = 4 and strides 5, 6 and 7, NaN behind it",
        dx,
        expected,
        hint,
        PADDING,
        atol=1e-3,
    ):
        hint = "Every `tl.store` of a row needs `mask=columns < n`, those of the partial sums too."
        card.check(
            not outside, "… and nothing outside of the rows is written", "0 values", f"{outside} values", hint, PADDING
        )
        _undefined(card, lambda: run()[0], expected)


def _backward_half(card: Card, kernel) -> None:
    far = [[64 * value for value in row] for row in TOKENS]
    dx, *_ = _backward(
        kernel, DY, far, WEIGHT, [256.0, 128.0], [0.2 / 64, 0.5 / 64], 4, 4, 2, (4, 4, 4), torch.bfloat16
    )
    hint = "`tl.load(…).to(tl.float32)` for dy, x and weight; the store converts back by itself."
    scaled = Answer(64 * dx.value) if not dx.problem else dx
    compare(
        card, "bfloat16, 64 times the example's x: a 64th of its dx", scaled, tensor(DX), hint, PRECISION, atol=0.01
    )
