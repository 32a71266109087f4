"""The rungs of chapter 4's ladder that a CPU has, timed side by side, with a copy of x as the yardstick.

One thread, float32. The rungs take turns, round after round, and each keeps its best round: whatever else the machine
does can only add time. Only the ratios to the copy mean anything beyond the machine they were taken on.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from experiments.layernorm_forward import best_seconds
from experiments.layernorm_torch import LayerNormFunction, layernorm_eager

SEED = 4
EPS = 1e-5
BOUND = 1e-5  # largest error against float64, relative to the largest entry, that a rung may have


def contenders(compiled: bool) -> dict[str, Callable[..., Tensor]]:
    """Return the rungs by name, each a function of (x, weight, bias, eps)."""
    rungs = {
        "eager operations": layernorm_eager,
        "Function": LayerNormFunction.apply,
        "library": lambda x, weight, bias, eps: F.layer_norm(x, weight.shape, weight, bias, eps),
    }
    if compiled:
        rungs["torch.compile"] = torch.compile(layernorm_eager, dynamic=False)
    return rungs


def measure(m: int, n: int, rounds: int, compiled: bool) -> dict:
    """Return for an (m, n) table the copy's seconds and, for each rung, time ratios and largest relative errors."""
    torch.manual_seed(SEED)
    inputs = [torch.randn(m, n), torch.randn(n), torch.randn(n)]
    dy = torch.randn(m, n)
    exact = [t.double().requires_grad_() for t in inputs]
    y = F.layer_norm(exact[0], (n,), exact[1], exact[2], EPS)
    truth = [y.detach(), *torch.autograd.grad(y, exact, dy.double())]
    inputs = [t.requires_grad_() for t in inputs]

    def both(rung: Callable[..., Tensor]) -> list[Tensor]:
        out = rung(*inputs, EPS)
        return [out.detach(), *torch.autograd.grad(out, inputs, dy)]

    def forward(rung: Callable[..., Tensor]) -> Tensor:
        with torch.no_grad():
            return rung(*inputs, EPS)

    rungs = contenders(compiled)
    errors = {
        name: max(((a - b).abs().max() / b.abs().max()).item() for a, b in zip(both(rung), truth))
        for name, rung in rungs.items()
    }
    x = inputs[0].detach()
    calls = {"copy": x.clone}
    calls |= {f"{name}, forward": lambda rung=rung: forward(rung) for name, rung in rungs.items()}
    calls |= {f"{name}, both": lambda rung=rung: both(rung) for name, rung in rungs.items()}
    seconds = dict(zip(calls, best_seconds(*calls.values(), repeats=rounds)))
    return {
        "shape": [m, n],
        "copy_seconds": seconds["copy"],
        "rungs": {
            name: {
                "forward": seconds[f"{name}, forward"] / seconds["copy"],
                "both": seconds[f"{name}, both"] / seconds["copy"],
                "error": errors[name],
            }
            for name in rungs
        },
    }


def run(quick: bool) -> dict:
    """Time the rungs on one thread. The quick run has small tables, few rounds and no compiler."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if quick:
            return {"tables": [measure(64, 96, 2, compiled=False)]}
        return {"tables": [measure(8192, 1024, 60, True), measure(1024, 8192, 60, True)]}
    finally:
        torch.set_num_threads(threads)


def agrees(stored: dict, quick: dict) -> None:
    """Every rung is right in both runs, and the stored one has every rung. Times are not compared."""
    for table in stored["tables"]:
        assert set(table["rungs"]) == set(contenders(compiled=False)) | {"torch.compile"}
    for table in stored["tables"] + quick["tables"]:
        for name, rung in table["rungs"].items():
            assert rung["error"] < BOUND, (name, rung)
