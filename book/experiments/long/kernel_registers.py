"""What the compiler makes of chapter 4's kernels for a Hopper GPU: registers, spills, loads, and how far they run ahead.

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
ROWS = 4096  # the plans are for this many
# CUDA C++ programming guide, compute capability 9.0
REGISTERS_A_PROCESSOR, THREADS_A_PROCESSOR = 65536, 2048
WIDTHS = {
    "forward": (256, 768, 1000, 1024, 4096, 8192, 16384, 32768, 65536, 4097),
    "backward": (256, 768, 1000, 1024, 4096, 8192, 65536, 4097),
}


def compile_one(direction: str, n: int, table: str) -> dict:
    """Compile one plan for compute capability 9.0.

    Parameters
    ----------
    direction : ``forward``, or ``backward``: of wide rows the kernel that has their means.
    n : features a row.
    table : ``bf16`` or ``fp32``, the type of x, dy and the parameters.
    """
    import triton.backends.nvidia
    from triton import compile
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from experiments import layernorm_kernels, layernorm_triton
    from experiments.layernorm_triton import BACKWARD_WIDEST, FORWARD_WIDEST, HOPPER

    size = {"bf16": 2, "fp32": 4}[table]
    if direction == "forward":
        plan = layernorm_triton.forward_plan(ROWS, n, size, HOPPER)
        name = "forward_looped" if n > FORWARD_WIDEST else "forward_rows"
    else:
        plan = layernorm_triton.backward_plan(ROWS, n, size, HOPPER)
        name = "backward_tiles"
    kernel = getattr(layernorm_kernels, name)
    types = dict.fromkeys(("dy", "x", "y", "dx", "weight", "bias"), f"*{table}")
    types |= dict.fromkeys(("mean", "rstd", "average", "along", "partial"), "*fp32") | {"eps": "fp32"}
    sizes = ("x_stride", "dy_stride", "m", "n")
    types |= dict.fromkeys(sizes, "i32")
    align = layernorm_triton.alignment(n)
    flags = dict.fromkeys(("WEIGHT", "BIAS", "DX", "DWEIGHT", "DBIAS"), True)
    flags |= {"WHOLE": n <= BACKWARD_WIDEST, "ROWS": plan.rows, "BLOCK": plan.block, "ALIGN": align, "STAGES": plan.stages}
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
    options = {"num_warps": plan.warps} | ({"maxnreg": plan.registers} if plan.registers else {})
    compiled = compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    assembly = compiled.asm["ptx"]
    assembler = Path(triton.backends.nvidia.__file__).parent / "bin" / "ptxas"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.ptx"
        path.write_text(assembly)
        command = [str(assembler), "-arch=sm_90a", "-v", str(path), "-o", str(path.with_suffix(".cubin"))]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    registers = int(re.search(r"Used (\d+) registers", report)[1])
    spilled = sum(int(number) for number in re.findall(r"(\d+) bytes spill", report))
    loads = re.findall(r"ld\.global\S*?(?:\.v(\d))?\.b(\d+) ", assembly)  # vector length, bits of an element
    widths = [int(length or 1) * int(bits) // 8 for length, bits in loads]
    copies = [int(size, 16) for size in re.findall(r"cp\.async\.c[ag]\.shared\.global[^;]*?, 0x(\w+)", assembly)]
    shared = compiled.metadata.shared
    return {
        "direction": direction, "n": n, "table": table, "align": align,
        "rows": plan.rows, "warps": plan.warps, "programs": plan.programs,
        "stages": plan.stages,
        "runs_ahead": plan.stages > 1 and shared >= (plan.stages - 1) * plan.rows * plan.block * size,
        "registers": registers, "spilled_bytes": spilled, "shared_bytes": shared,
        "widest_load_bytes": max(widths + copies),
        "resident": min(
            REGISTERS_A_PROCESSOR // (registers * 32 * plan.warps),
            THREADS_A_PROCESSOR // (32 * plan.warps),
            HOPPER.shared // (shared + 1024),  # the system takes 1 KB of each program's
        ),
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
        plans = [[d, n, t] for d, widths in WIDTHS.items() for n in widths for t in ("bf16", "fp32")]
    return {"triton": metadata.version("triton"), "kernels": compile_all(plans)}


def agrees(stored: dict, quick: dict) -> None:
    """No kernel spills where rows are aligned, and each loop loads ahead; the quick ones are as stored, by one Triton."""
    keys = ("direction", "n", "table")
    known = {tuple(k[key] for key in keys): k for k in stored["kernels"]}
    for kernel in stored["kernels"] + quick["kernels"]:
        assert kernel["resident"] >= 1, kernel
        if kernel["align"] >= 8:
            assert kernel["spilled_bytes"] == 0 and kernel["widest_load_bytes"] == 16, kernel
            assert kernel["runs_ahead"] == (kernel["stages"] > 1), kernel
    for kernel in quick["kernels"]:
        before = known[tuple(kernel[key] for key in keys)]
        assert (kernel["rows"], kernel["warps"]) == (before["rows"], before["warps"])
        if quick["triton"] == stored["triton"]:
            assert kernel == before
