"""A decoder-only transformer, small and plain, with the norm in every place that chapter 5 compares.

Shapes: m tokens of d features form a matrix (m, d), a row a token; any number of leading axes may stand
before it, such as a batch (B, m, d). Everything is float32 unless the caller says otherwise.
Sources: attention and FFN are those of Vaswani et al. (2017), sections 3.2 and 3.3; the placements are named in
``PLACEMENTS`` with the equation that each one computes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

# name: what one sub-layer F makes of the stream x
PLACEMENTS = {
    "none": "x + F(x)",
    "post": "LN(x + F(x))",  # Vaswani et al. 2017, section 3.1
    "pre": "x + F(LN(x))",  # Xiong et al. 2020, table 1; GPT-2
    "res-post": "x + LN(F(x))",  # Swin Transformer V2, section 3.2; OLMo 2
    "sandwich": "x + LN(F(LN(x)))",  # Gemma 2; Peri-LN
    "deepnorm": "LN(αx + F(x))",  # Wang et al. 2022, figure 2
}
NORM_ENDS_BLOCK = {"post", "deepnorm"}  # the others leave the stream unnormalised and need a final norm
NORMS = {"layer": nn.LayerNorm, "rms": nn.RMSNorm}
EPS = 1e-5


@dataclass(frozen=True)
class Shape:
    """What a stack is made of. ``hidden`` of None means 4 · features.

    ``qk_norm``: None; "head" normalises each head's queries and keys, (d_h,) at a time (Henry et al. 2020, with the
    norm chosen by ``norm``); "all" normalises all heads of a token together, (d,) at a time, as OLMo 2 does.
    """

    depth: int
    features: int
    heads: int
    placement: str = "pre"
    norm: str = "layer"
    qk_norm: str | None = None
    hidden: int | None = None
    activation: Callable = functional.relu

    def __post_init__(self) -> None:
        if self.placement not in PLACEMENTS:
            raise ValueError(f"no placement {self.placement!r}; there are {', '.join(PLACEMENTS)}")
        if self.features % self.heads:
            raise ValueError(f"{self.features} features can't be split into {self.heads} heads")

    def make_norm(self, size: int | None = None) -> nn.Module:
        """Return a norm over ``size`` features (the stream's by default), γ = 1 and β = 0."""
        return NORMS[self.norm](size or self.features, eps=EPS)

    @property
    def alpha(self) -> float:
        """The weight of the stream in the sum: (2M)^¼ for a decoder of M blocks in DeepNorm, else 1."""
        return (2 * self.depth) ** 0.25 if self.placement == "deepnorm" else 1.0

    @property
    def gain(self) -> float:
        """The factor on the initial weights of the values, of W_O and of the FFN: (8M)^−¼ in DeepNorm, else 1."""
        return (8 * self.depth) ** -0.25 if self.placement == "deepnorm" else 1.0


class CausalSelfAttention(nn.Module):
    """Multi-head attention in which a token looks at itself and at earlier tokens: (…, m, d) to (…, m, d)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.features
        self.heads = shape.heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.per_head = shape.qk_norm == "head"
        size = d // shape.heads if self.per_head else d
        self.query_norm = shape.make_norm(size) if shape.qk_norm else None
        self.key_norm = shape.make_norm(size) if shape.qk_norm else None

    def split(self, x: torch.Tensor) -> torch.Tensor:
        """(…, m, d) to (…, h, m, d/h): neighbouring features form a head, and the head becomes a leading axis."""
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def prepared(self, x: torch.Tensor, norm: nn.Module | None) -> torch.Tensor:
        """Split queries or keys, normalised where the shape asks for it."""
        if norm is None:
            return self.split(x)
        return norm(self.split(x)) if self.per_head else self.split(norm(x))

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Return the attention weights, (…, h, m, m): row i says how much token i takes from each token."""
        q = self.prepared(self.query(x), self.query_norm)
        k = self.prepared(self.key(x), self.key_norm)
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        m = x.shape[-2]
        future = torch.ones(m, m, dtype=torch.bool, device=x.device).triu(1)
        return scores.masked_fill(future, -torch.inf).softmax(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = self.weights(x) @ self.split(self.value(x))
        return self.out(mixed.transpose(-3, -2).flatten(-2))


class FeedForward(nn.Module):
    """Two linear maps with an activation between them, each token by itself: (…, m, d) to (…, m, d)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        hidden = shape.hidden or 4 * shape.features
        self.wide, self.narrow = nn.Linear(shape.features, hidden), nn.Linear(hidden, shape.features)
        self.activation = shape.activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.narrow(self.activation(self.wide(x)))


class SubLayer(nn.Module):
    """Wires F, any map of (…, m, d) to (…, m, d), to the stream, with the norm where ``placement`` says."""

    def __init__(self, f: nn.Module, shape: Shape) -> None:
        super().__init__()
        self.f, self.placement, self.alpha = f, shape.placement, shape.alpha
        has_norm = shape.placement != "none"
        self.norm = shape.make_norm() if has_norm else None
        self.second_norm = shape.make_norm() if shape.placement == "sandwich" else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        match self.placement:
            case "none":
                return x + self.f(x)
            case "post" | "deepnorm":
                return self.norm(self.alpha * x + self.f(x))
            case "pre":
                return x + self.f(self.norm(x))
            case "res-post":
                return x + self.norm(self.f(x))
            case "sandwich":
                return x + self.second_norm(self.f(self.norm(x)))


class Block(nn.Module):
    """Attention, then FFN, each wired to the stream: (…, m, d) to (…, m, d)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention = SubLayer(CausalSelfAttention(shape), shape)
        self.feed_forward = SubLayer(FeedForward(shape), shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.feed_forward(self.attention(x))


class Stack(nn.Module):
    """Blocks one after the other, and a final norm unless each block ends in one: (…, m, d) to (…, m, d).

    With the placement "none" there is no norm anywhere.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.depth))
        ends_normalised = shape.placement in NORM_ENDS_BLOCK | {"none"}
        self.final_norm = nn.Identity() if ends_normalised else shape.make_norm()
        self.apply(xavier)
        for block in self.blocks:
            attention, ffn = block.attention.f, block.feed_forward.f
            for linear in (attention.value, attention.out, ffn.wide, ffn.narrow):
                linear.weight.data *= shape.gain

    def streams(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the stream before the first block and after each one: depth + 1 tensors."""
        found = [x]
        for block in self.blocks:
            found.append(block(found[-1]))
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return self.final_norm(x)


class Transformer(nn.Module):
    """Tokens (B, T) of integers to logits (B, T, V): embedding and learned positions, a stack, a head.

    Embeddings are drawn from N(0, 1/d) and multiplied by √d on the way in (Vaswani et al. 2017, section 3.4), so that
    the head can share them (``tied``) and logits start with a variance near 1.
    """

    def __init__(self, shape: Shape, vocabulary: int, context: int, tied: bool = False) -> None:
        super().__init__()
        d = shape.features
        self.tokens, self.positions = nn.Embedding(vocabulary, d), nn.Embedding(context, d)
        self.stack = Stack(shape)
        self.head = nn.Linear(d, vocabulary, bias=False)
        for embedding in (self.tokens, self.positions, self.head):
            nn.init.normal_(embedding.weight, std=d**-0.5)
        if tied:
            self.head.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        places = torch.arange(tokens.shape[-1], device=tokens.device)
        x = (self.tokens(tokens) + self.positions(places)) * math.sqrt(self.tokens.embedding_dim)
        return self.head(self.stack(x))


def xavier(module: nn.Module) -> None:
    """Draw a linear map's weights from N(0, 2/(inputs + outputs)) and set its bias to 0 (Glorot & Bengio 2010)."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
