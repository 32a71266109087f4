"""What the compiler makes of chapter 4's kernels for a Hopper GPU: registers, spills, and how wide the loads are.

Compiling needs no GPU: Triton brings NVIDIA's assembler, which reports what each kernel takes. It does not say how
long a kernel runs.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

SEED = 0  # nothing is drawn
NEEDS = ("triton",)
ROWS, PROCESSORS = 4096, 132  # the plans are for this many rows, and for the processors of an H100 or H200 (SXM)
REGISTERS_A_PROCESSOR = 65536  # CUDA C++ programming guide, compute capability 9.0
WIDTHS = {"forward": (256, 768, 1000, 1024, 4096, 8192, 16384, 32768), "backward": (256, 768, 1000, 1024, 4096, 8192)}


def compile_one(direction: str, n: int, table: str) -> dict:
    """Compile one plan for compute capability 9.0.

    Parameters
    ----------
    direction : ``forward`` or ``backward``.
    n : features a row.
    table : ``bf16`` or ``fp32``, the type of x, dy and the parameters.
    """
    import triton.backends.nvidia
    from triton import compile
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from experiments import layernorm_kernels, layernorm_triton

    if direction == "forward":
        kernel, plan = layernorm_kernels.forward_rows, layernorm_triton.forward_plan(ROWS, n)
    else:
        kernel, plan = layernorm_kernels.backward_rows, layernorm_triton.backward_plan(ROWS, n, PROCESSORS)
    types = dict.fromkeys(("dy", "x", "y", "dx", "weight", "bias"), f"*{table}")
    types |= dict.fromkeys(("mean", "rstd", "partial"), "*fp32") | {"eps": "fp32"}
    sizes = ("x_stride", "dy_stride", "m", "n")
    types |= dict.fromkeys(sizes, "i32")
    align = layernorm_triton.alignment(n)
    flags = dict.fromkeys(("WEIGHT", "BIAS", "DX", "DWEIGHT", "DBIAS"), True)
    flags |= {"ROWS": plan.rows, "BLOCK": plan.block, "ALIGN": align}
    names = kernel.arg_names
    # what the launcher finds out by itself: a pointer or a size that 16 divides
    by_16 = {(i,): [["tt.divisibility", 16]] for i, a in enumerate(names)
             if types.get(a, "").startswith("*") or a == "m" or a in sizes and align == 16}  # fmt: skip
    source = ASTSource(
        fn=kernel,
        signature={a: types.get(a, "constexpr") for a in names},
        constexprs={(i,): flags[a] for i, a in enumerate(names) if a in flags},
        attrs=by_16,
    )
    assembly = compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": plan.warps}).asm["ptx"]
    assembler = Path(triton.backends.nvidia.__file__).parent / "bin" / "ptxas"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.ptx"
        path.write_text(assembly)
        command = [str(assembler), "-arch=sm_90a", "-v", str(path), "-o", str(path.with_suffix(".cubin"))]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    registers = int(re.search(r"Used (\d+) registers", report)[1])
    spilled = sum(int(number) for number in re.findall(r"(\d+) bytes spill", report))
    loads = re.findall(r"ld\.global\S*?(?:\.v(\d))?\.b(\d+) ", assembly)  # vector length, bits of an element
    return {
        "direction": direction, "n": n, "table": table, "align": align,
        "rows": plan.rows, "warps": plan.warps, "programs": plan.programs,
        "registers": registers, "spilled_bytes": spilled,
        "widest_load_bytes": max(int(length or 1) * int(bits) // 8 for length, bits in loads),
        "resident": REGISTERS_A_PROCESSOR // (registers * 32 * plan.warps),
    }  # fmt: skip


def compile_all(plans: list[list]) -> list[dict]:
    """Compile in a process of its own, since Triton cannot both compile and interpret in one."""
    code = "import json; from experiments.long import kernel_registers as k; "
    code += f"print(json.dumps([k.compile_one(*p) for p in {plans!r}]))"
    with tempfile.TemporaryDirectory() as cache:
        env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"} | {"TRITON_CACHE_DIR": cache}
        command, book = [sys.executable, "-c", code], Path(__file__).parents[2]
        done = subprocess.run(command, cwd=book, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def run(quick: bool) -> dict:
    """Compile every plan; the quick run one of each direction."""
    if quick:
        plans = [["forward", 1024, "bf16"], ["backward", 1024, "bf16"]]
    else:
        plans = [[d, n, t] for d, widths in WIDTHS.items() for n in (*widths, 4097) for t in ("bf16", "fp32")]
    return {"triton": metadata.version("triton"), "kernels": compile_all(plans)}


def agrees(stored: dict, quick: dict) -> None:
    """No kernel spills where rows are aligned; the quick ones have their stored plan and, by one Triton, registers."""
    keys = ("direction", "n", "table")
    known = {tuple(k[key] for key in keys): k for k in stored["kernels"]}
    for kernel in stored["kernels"] + quick["kernels"]:
        assert kernel["resident"] >= 1, kernel
        assert kernel["align"] < 8 or kernel["spilled_bytes"] == 0 and kernel["widest_load_bytes"] == 16, kernel
    for kernel in quick["kernels"]:
        before = known[tuple(kernel[key] for key in keys)]
        assert (kernel["rows"], kernel["warps"]) == (before["rows"], before["warps"])
        if quick["triton"] == stored["triton"]:
            assert kernel == before
