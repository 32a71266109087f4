"""GPT-2 (Radford et al. 2019) from a safetensors file that you have: pre-norm, LayerNorm with ε = 1e-5, a final norm.

The names in the file, with or without "transformer." before them (L blocks, d features, V tokens, P positions):

    wte.weight (V, d)   wpe.weight (P, d)                token and position embeddings
    h.N.ln_1.weight, .bias (d,)                          norm before attention, N = 0 … L - 1
    h.N.attn.c_attn.weight (d, 3d), .bias (3d,)          query, key and value side by side
    h.N.attn.c_proj.weight (d, d), .bias (d,)
    h.N.ln_2.weight, .bias (d,)                          norm before the feed-forward network
    h.N.mlp.c_fc.weight (d, 4d), .bias (4d,)
    h.N.mlp.c_proj.weight (4d, d), .bias (d,)
    ln_f.weight, .bias (d,)                              norm after the last block

Every matrix of a block is stored (in, out), the transpose of what ``torch.nn.Linear`` holds. ``h.N.attn.bias`` and
``h.N.attn.masked_bias`` are masks, not weights, and are left out; the output uses wte again.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .packages import GPT2 as PACKAGES
from .packages import require
from .places import attend, split_heads, sublayer

EPS = 1e-5


@dataclass(frozen=True)
class GPT2:
    weights: dict[str, Tensor]  # float32, named as above without "transformer."
    blocks: int
    heads: int


def load(path: Path | str, heads: int | None = None) -> GPT2:
    """Read a file of the layout above.

    heads: how many attention heads; the file does not say. Left out, each head has 64 features, as in every GPT-2.
    Raises MissingPackage; ValueError, naming the first weight that is missing or of the wrong shape.
    """
    require(PACKAGES)
    from safetensors.torch import load_file

    weights = {name.removeprefix("transformer."): t.float() for name, t in load_file(path).items()}
    weights = {name: t for name, t in weights.items() if not re.search(r"\.attn\.(masked_)?bias$", name)}
    blocks = len({name.split(".")[1] for name in weights if name.startswith("h.")})
    if "wte.weight" not in weights:
        raise ValueError("wte.weight is missing: this is not a GPT-2 file, or its names are different")
    d = weights["wte.weight"].shape[1]
    for name, shape in expected_shapes(blocks, d).items():
        if name not in weights:
            raise ValueError(f"{name} is missing")
        if tuple(weights[name].shape) != shape:
            raise ValueError(f"{name} has shape {tuple(weights[name].shape)}, expected {shape}")
    heads = d // 64 if heads is None else heads
    if not heads or d % heads:
        raise ValueError(f"{d} features cannot be split into {heads} heads; pass heads=")
    return GPT2(weights, blocks, heads)


def expected_shapes(blocks: int, d: int) -> dict[str, tuple[int, ...]]:
    """Return {name: shape} of all weights but the two embeddings, whose number of rows is free."""
    matrices = {"attn.c_attn": (d, 3 * d), "attn.c_proj": (d, d), "mlp.c_fc": (d, 4 * d), "mlp.c_proj": (4 * d, d)}
    shapes = {"ln_f.weight": (d,), "ln_f.bias": (d,)}
    for n in range(blocks):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h.{n}.{norm}.weight": (d,), f"h.{n}.{norm}.bias": (d,)}
        for name, shape in matrices.items():
            shapes |= {f"h.{n}.{name}.weight": shape, f"h.{n}.{name}.bias": shape[1:]}
    return shapes


def norm_places(model: GPT2) -> list[str]:
    """Return the names of all places where a norm stands, in the order in which a token meets them."""
    return [f"h.{n}.{norm}" for n in range(model.blocks) for norm in ("ln_1", "ln_2")] + ["ln_f"]


def norms(model: GPT2, build_norm) -> dict:
    """Return {place: norm}, each norm built by ``build_norm("layer", weight, bias, eps)``."""
    w = model.weights
    return {p: build_norm("layer", w[f"{p}.weight"], w[f"{p}.bias"], EPS) for p in norm_places(model)}


@torch.no_grad()
def logits(model: GPT2, norms: dict, ids: Tensor, placement: str = "pre") -> Tensor:
    """Return a score for every possible next token at every position, (B, T, V), for ids (B, T)."""
    w = model.weights
    x = w["wte.weight"][ids] + w["wpe.weight"][: ids.shape[1]]
    size = x.shape[-1] // model.heads
    later = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1)
    for n in range(model.blocks):

        def linear(x, name, n=n):
            return x @ w[f"h.{n}.{name}.weight"] + w[f"h.{n}.{name}.bias"]

        def attention(x, linear=linear):
            q, k, v = (split_heads(part, size) for part in linear(x, "attn.c_attn").chunk(3, -1))
            return linear(attend(q, k, v, later), "attn.c_proj")

        def feed_forward(x, linear=linear):
            return linear(F.gelu(linear(x, "mlp.c_fc"), approximate="tanh"), "mlp.c_proj")

        x = sublayer(x, norms[f"h.{n}.ln_1"], attention, placement)
        x = sublayer(x, norms[f"h.{n}.ln_2"], feed_forward, placement)
    return F.linear(norms["ln_f"](x), w["wte.weight"])
