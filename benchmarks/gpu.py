"""LayerNorm on a GPU: each way to compute it, beside a copy of the same bytes in the same run.

``make bench-gpu`` runs it, checks every contender against float64 first, and writes results/gpu.json, after each width
what is known so far, and gpu.svg.
Without a CUDA device it says so, writes nothing and exits with 2.

How the time is taken: enough input sets that together they exceed the second-level cache several times, each with an
output of its own; one call a set, captured in a CUDA graph, so that launching from Python does not count; the graph is
replayed between two CUDA events; the median over the replays, divided by the number of sets.

``--device cpu --quick`` runs the same code on small tables, with Triton's interpreter and a wall clock: it shows that
the benchmark works, its times mean nothing, and nothing is written.
"""

import argparse
import importlib.util
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib import metadata
from pathlib import Path

import torch
from torch import Tensor
from torch._functorch import config as functorch_config
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
from experiments import gpu_results, layernorm_triton, stored  # noqa: E402
from experiments.layernorm_torch import LayerNormFunction, layernorm_eager  # noqa: E402

EPS = 1e-5
M = 4096
WIDTHS = (256, 768, 1000, 1024, 2048, 4096, 4097, 5120, 8192, 12288, 16384, 16385, 32768, 65536)
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32, "float16": torch.float16}
FLOOR = {"forward": 2, "backward": 3, "both": 5}  # arrays of M x N that must be read or written
ALLOWED = {torch.float32: 2e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}  # error relative to the largest entry
REPLAYS = 30

Rung = Callable[[Tensor, Tensor, Tensor], Tensor]  # (x, weight, bias) -> y


def contenders(device: str) -> dict[str, Rung]:
    """Return the ways to compute LayerNorm that are installed here."""

    def in_float32(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return layernorm_eager(x.float(), weight.float(), bias.float(), EPS).to(x.dtype)

    functorch_config.donated_buffer = False  # else a compiled backward can't be run twice, as ``times`` runs it
    compiled: dict[tuple, Rung] = {}

    def by_compiler(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        key = (x.shape, x.dtype)  # one program a shape: the compiler may then rely on it, as our kernels' plan does
        if key not in compiled:
            torch._dynamo.reset()
            compiled.clear()
            compiled[key] = torch.compile(in_float32, dynamic=False)
        return compiled[key](x, weight, bias)

    rungs: dict[str, Rung] = {
        gpu_results.OURS: lambda x, w, b: layernorm_triton.TritonLayerNorm.apply(x, w, b, EPS),
        "F.layer_norm": lambda x, w, b: F.layer_norm(x, w.shape, w, b, EPS),
        "eager operations": in_float32,
        "Function": lambda x, w, b: LayerNormFunction.apply(x, w, b, EPS),
    }
    if device == "cpu":
        return rungs
    rungs["torch.compile"] = by_compiler
    if importlib.util.find_spec("liger_kernel"):
        from liger_kernel.ops.layer_norm import LigerLayerNormFunction

        rungs["Liger"] = lambda x, w, b: LigerLayerNormFunction.apply(x, w, b, EPS)
    if importlib.util.find_spec("quack"):
        rungs["quack"] = quack()
    return rungs


def quack() -> Rung:
    """Return quack's LayerNorm; its kernels want float32 parameters, converted here as a user would have to."""
    from quack.rmsnorm import layernorm_bwd, layernorm_fwd

    class Quack(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, bias):
            y, rstd, mean = layernorm_fwd(x, weight, bias, EPS, return_rstd=True, return_mean=True)
            ctx.save_for_backward(x, weight, rstd, mean)
            return y

        @staticmethod
        def backward(ctx, dy):
            x, weight, rstd, mean = ctx.saved_tensors
            return layernorm_bwd(x, weight, dy, rstd, mean)

    return lambda x, w, b: Quack.apply(x, w.float(), b.float())


def draw_inputs(m: int, n: int, dtype: torch.dtype, device: str, seed: int) -> tuple[Tensor, ...]:
    """Return x (m, n), weight (n,), bias (n,), all of which want gradients, and dy (m, n)."""
    generator = torch.Generator(device).manual_seed(seed)
    x, dy = (torch.randn(m, n, device=device, generator=generator).to(dtype) for _ in range(2))
    weight, bias = (torch.randn(n, device=device, generator=generator).to(dtype) for _ in range(2))
    return x.requires_grad_(), weight.requires_grad_(), bias.requires_grad_(), dy


def errors(rung: Rung, m: int, n: int, dtype: torch.dtype, device: str) -> dict[str, float]:
    """Return the largest error of y, dx, dweight and dbias against float64, relative to the largest entry."""
    *inputs, dy = draw_inputs(m, n, dtype, device, 1)
    y = rung(*inputs)
    found = [y, *torch.autograd.grad(y, inputs, dy)]
    exact = [t.detach().double().requires_grad_() for t in inputs]
    truth = F.layer_norm(exact[0], (n,), exact[1], exact[2], EPS)
    wanted = [truth, *torch.autograd.grad(truth, exact, dy.double())]
    return {
        name: ((a.double() - b).abs().max() / b.abs().max()).item()
        for name, a, b in zip(("y", "dx", "dweight", "dbias"), found, wanted)
    }


def milliseconds_on_gpu(calls: list[Callable[[], object]]) -> tuple[float, str]:
    """Return milliseconds a call and how they were taken. Results are kept, so that each call has its own memory."""
    stream = torch.cuda.current_stream()
    for _ in range(2):
        kept = [call() for call in calls]
    torch.cuda.synchronize()
    del kept
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph, stream=stream):
            _kept = [call() for call in calls]
        replay, how = graph.replay, "graph"
    except RuntimeError:  # some library launches in a way that cannot be captured: then its launches count
        torch.cuda.synchronize()

        def replay() -> None:
            for call in calls:
                call()

        how = "launches"
    begins, ends = ([torch.cuda.Event(enable_timing=True) for _ in range(REPLAYS)] for _ in range(2))
    for _ in range(3):
        replay()
    for begin, end in zip(begins, ends):
        begin.record()
        replay()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(b.elapsed_time(e) for b, e in zip(begins, ends)) / len(calls), how


def milliseconds_on_cpu(calls: list[Callable[[], object]]) -> tuple[float, str]:
    """Return the wall-clock milliseconds of one call, for the dry run."""
    begins = time.perf_counter()
    for call in calls:
        call()
    return (time.perf_counter() - begins) * 1e3 / len(calls), "wall clock"


def times(rung: Rung, sets: list[tuple[Tensor, ...]], clock: Callable) -> dict[str, tuple[float, str]]:
    """Return {direction: (milliseconds, how)} for one contender."""

    def forward(x, weight, bias, dy):
        with torch.no_grad():
            return rung(x, weight, bias)

    def backward_of(x, weight, bias, dy):
        y = rung(x, weight, bias)
        return lambda: torch.autograd.grad(y, (x, weight, bias), dy, retain_graph=True)

    def both(x, weight, bias, dy):
        return torch.autograd.grad(rung(x, weight, bias), (x, weight, bias), dy)

    return {
        "forward": clock([lambda s=s: forward(*s) for s in sets]),
        "backward": clock([backward_of(*s) for s in sets]),
        "both": clock([lambda s=s: both(*s) for s in sets]),
    }


def copy_time(sets: list[tuple[Tensor, ...]], clock: Callable) -> tuple[float, str]:
    """Return the time to copy one x: it reads and writes exactly what a perfect forward pass does."""
    places = [torch.empty_like(s[0]) for s in sets]
    return clock([lambda p=p, s=s: p.copy_(s[0].detach()) for p, s in zip(places, sets)])


def measure_width(n: int, dtype_name: str, device: str, m: int, rungs: dict[str, Rung]) -> list[dict]:
    """Check and time every contender at one width; a contender that fails or is wrong is recorded and not timed."""
    dtype = DTYPES[dtype_name]
    clock = milliseconds_on_gpu if device == "cuda" else milliseconds_on_cpu
    array = m * n * dtype.itemsize
    cache = torch.cuda.get_device_properties(0).L2_cache_size if device == "cuda" else 0
    sets = [draw_inputs(m, n, dtype, device, seed) for seed in range(max(2, min(64, math.ceil(3 * cache / array))))]
    copy, how = copy_time(sets, clock)
    speed = 2 * array / copy / 1e6
    same = {"dtype": dtype_name, "n": n}
    rows = [same | {"contender": "copy", "direction": "forward", "ms": copy, "gb_per_s": speed, "how": how}]
    for name, rung in rungs.items():
        try:
            wrong = errors(rung, m, n, dtype, device)
            row = same | {"contender": name, "errors": wrong}
            if not max(wrong.values()) <= ALLOWED[dtype]:
                rows.append(row | {"direction": "none", "failed": "the result is wrong"})
                continue
            for direction, (ms, how) in times(rung, sets, clock).items():
                rate = FLOOR[direction] * array / ms / 1e6
                rows.append(
                    row | {"direction": direction, "ms": ms, "gb_per_s": rate, "of_copy": rate / speed, "how": how}
                )
        except Exception as error:  # a contender that cannot do this width must not end the run
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            rows.append(same | {"contender": name, "direction": "none", "failed": reason})
        if device == "cuda":
            torch.cuda.empty_cache()
    return rows


def device_record() -> dict:
    """Return what the CUDA device says of itself."""
    properties = torch.cuda.get_device_properties(0)
    return {
        "name": properties.name,
        "processors": properties.multi_processor_count,
        "l2_bytes": properties.L2_cache_size,
        "memory_bytes": properties.total_memory,
        "capability": f"{properties.major}.{properties.minor}",
    }


def versions() -> dict[str, str]:
    """Return the versions of all that is measured."""
    found = {"Python": platform.python_version(), "torch": torch.__version__, "CUDA": str(torch.version.cuda)}
    for package in ("triton", "liger-kernel", "quack-kernels"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return found


def run(device: str, widths: list[int], dtypes: list[str], m: int, seconds: float) -> Iterator[dict]:
    """Measure width by width until all is done or the seconds are used up.

    Yields after each width what is known so far: the rows, and what is left out.
    """
    begins = time.monotonic()
    rungs = contenders(device)
    if device == "cuda":
        torch.cuda.set_stream(torch.cuda.Stream())  # a graph cannot be captured on the default stream
    rows, cases = [], [(dtype, n) for dtype in dtypes for n in widths]
    for done, (dtype, n) in enumerate(cases, start=1):
        new = measure_width(n, dtype, device, m, rungs)
        rows += new
        print(f"{dtype:9s} {n:6d}  " + "  ".join(summary(row) for row in new), flush=True)
        left_out = [f"{dtype} {n}" for dtype, n in cases[done:]]
        taken = time.monotonic() - begins
        yield {"m": m, "rows": rows, "left_out": left_out, "seconds": round(taken)}
        if taken > seconds:
            return


def write(result: dict) -> None:
    """Store a result, with how, where and when it was measured."""
    record = {
        "command": " ".join(["python -m benchmarks.gpu", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "device": device_record(),
        "versions": versions(),
        "replays": REPLAYS,
    } | result
    gpu_results.RESULT.parent.mkdir(exist_ok=True)
    stored.write(gpu_results.RESULT, record)


def summary(row: dict) -> str:
    """Return a row in a few characters."""
    if "failed" in row:
        return f"[{row['contender']}: {row['failed'][:60]}]"
    part = f"{row['of_copy']:.2f}" if "of_copy" in row else f"{row['gb_per_s']:.0f} GB/s"
    return f"{row['contender']} {row['direction']} {part}"


def figure(result: dict, path: Path) -> None:
    """Draw forward and backward of the first dtype."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "normalisation", "font.size": 9})
    fig, axes = plt.subplots(2, 1, figsize=(4.5, 5.5), sharex=True, layout="constrained")
    dtype = result["rows"][0]["dtype"]
    for ax, direction in zip(axes, ("forward", "backward")):
        gpu_results.draw(ax, result, dtype, direction)
        ax.set_title(f"{direction}, {dtype}, {result['m']} rows", fontsize=9, loc="left")
    axes[0].legend(fontsize=7, frameon=False, ncols=2)
    fig.savefig(path, metadata={"Date": None})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="few small widths; nothing is written")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--widths", nargs="+", type=int, default=list(WIDTHS))
    parser.add_argument("--seconds", type=float, default=3600, help="start no further width after this time")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here: nothing was measured and nothing was written.", file=sys.stderr)
        return 2
    if given.device == "cpu":
        if not given.quick:
            parser.error("--device cpu is a dry run: it needs --quick")
        os.environ["TRITON_INTERPRET"] = "1"
    widths, m = (given.widths, M) if not given.quick else ([5, 64, 257], 16)
    for result in run(given.device, widths, given.dtypes, m, given.seconds):
        if not given.quick:
            write(result)
    for dtype in given.dtypes:
        for direction in FLOOR:
            print(f"\n{dtype}, {direction}: copy, and the fraction of the copy's GB/s that the others reach")
            print(gpu_results.table(result, dtype, direction))
    if given.quick:
        print(f"\nA dry run on {given.device}: these times are no result, and nothing was written.")
        return 1 if any("failed" in row for row in result["rows"]) else 0
    figure(result, gpu_results.RESULT.with_suffix(".svg"))
    print(f"\n{gpu_results.RESULT}\nChapter 4 shows it after: make clean site")
    return 0


if __name__ == "__main__":
    sys.exit(main())
