"""The visible checks of ``5_prenorm_block``: published examples and properties.

They tell you what to look at next. The grade is given by other cases of the same kinds.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

from card import Answer, Card, attempt, describe, letters
from tensors import Bent, close, compare, drawn, learns, linear, made, norm_of, present, steady, unchanged

CHAPTER = "5_prenorm_block"
ATTENTION = "causal-attention: How can one token ask the others?"
SCALE = "attention-scale: Why divide by the root of the width?"
HEADS = "split-heads: Why several heads, and how are they cut?"
MASK = "causal-mask: How is the future hidden?"
FEED_FORWARD = "feed-forward: What does a token do alone?"
SHAPES = "shapes-m-by-d: What shape does everything have?"
STREAM = "residual-stream: What travels through a deep network?"
PLACEMENTS = "placements: Where can the norm stand?"
PRE = "pre-norm: Pre-norm: a norm at the entrance of the side street"
POST = "post-norm: Post-norm: a norm on the road"
RES_POST = "res-post: Res-post: a norm at the exit of the side street"
SANDWICH = "sandwich-norm: Sandwich: a norm at both ends"
DEEPNORM = "deepnorm-placement: DeepNorm: a heavier road for post-norm"
FINAL = "final-norm: Why does pre-norm need one more norm at the end?"
DEPTH = "gradients-by-depth: How large are the gradients, and where?"
SPEC = "block-spec: How do you write the block down for others?"

LIBRARIES = {"scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward", "flex_attention"}


# causal_self_attention ------------------------------------------------------------------------


def causal_self_attention(function: Callable) -> None:
    card = Card("causal_self_attention", CHAPTER)
    form = "def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):"
    if present(card, function, "function", form, ATTENTION) and _no_batch(card, function) and _first_token(card, function) and _example(card, function):
        _both_maps(card, function)
        _causal(card, function)
        _heads(card, function)
        _ranks(card, function)
        _large(card, function)
        steady(card, lambda x: function(x, *_weights(4), 2), drawn(4, 4), ATTENTION)
        unchanged(card, lambda x: function(x, *_weights(4), 2), drawn(2, 3, 4), ATTENTION)
        learns(card, lambda x: function(x, *_weights(4), 2), drawn(2, 3, 4), DEPTH)
        used = LIBRARIES & set(getattr(getattr(function, "__code__", None), "co_names", ()))
        card.check(not used, "is your own work", "tensor operations", ", ".join(sorted(used)),
                   "The exercise is to write this yourself. PyTorch's own attention earns nothing.", ATTENTION)  # fmt: skip
    card.show()


def _weights(d: int) -> list[torch.Tensor]:
    return [drawn(d, d, seed=seed) / math.sqrt(d) for seed in (1, 2, 3, 4)]


def _no_batch(card: Card, function: Callable) -> bool:
    """Say it first if only (batch, m, d) works: most attention is written so, and the error is far from the cause."""
    x = drawn(3, 4)
    alone, batch = (attempt(function, t, *_weights(4), 2) for t in (x, x[None]))
    if not alone.problem or batch.problem:
        return True
    hint = (
        "It works for (batch, m, d) only. Tokens and features are the last two axes; before them there may be any number, and none at all: "
        "`*lead, m, d = x.shape`. Count from the end, as in `transpose(-2, -3)`."
    )
    return card.check(False, "a sequence (m, d) needs no batch", "a tensor of shape (3, 4)", alone.problem, hint, SHAPES)


def _first_token(card: Card, function: Callable) -> bool:
    text = "the first token can see only itself: its output is its value times w_o, whatever the scores"
    eye, x = torch.eye(2, dtype=torch.float64), torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    w_v, w_o = _rows([3.0, 1.0], [0.0, 3.0]), _rows([0.0, 1.0], [2.0, 0.0])
    expected = x @ w_v @ w_o
    answer = attempt(function, x, eye, eye, w_v, w_o, 1)
    turned = "A weight is used transposed. The contract has x @ w; `F.linear(x, w)` is x @ w.T, and w @ xᵀ is the same turned round."
    signs = [
        (x @ w_v, "The result was not multiplied by w_o.", HEADS),
        (expected + x, "x itself was added. The residual belongs to the block.", STREAM),
        (x @ w_o, "The values are x @ w_v. Here x stands in their place, or x @ w_q or x @ w_k: in this example they are x.", ATTENTION),
        (x @ w_o @ w_v, "w_v and w_o are exchanged: the values are x @ w_v, and w_o comes last.", ATTENTION),
        (expected / 2**0.5, "√d_h divides the weights, or what comes of them. It divides the scores, before the softmax.", SCALE),
        *((x @ first @ second, turned, SHAPES) for first, second in ((w_v.T, w_o), (w_v, w_o.T), (w_v.T, w_o.T))),
    ]
    hint = "A softmax over a single score is 1. NaN means that the token does not see even itself: row i keeps the columns j ≤ i."
    return compare(card, text, answer, expected, hint, MASK, signs)


def _rows(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _example(card: Card, function: Callable) -> bool:
    text = "the worked example: token 2 weighs the tokens by softmax(1/√2, 0)"
    eye = torch.eye(2, dtype=torch.float64)
    w_q = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)

    def second(score: float, first: float = 1.0) -> torch.Tensor:
        share = math.exp(score) / (1 + math.exp(score))
        return torch.tensor([[first, 1 - first], [share, 1 - share]], dtype=torch.float64)

    answer = attempt(function, eye, w_q, eye, eye, eye, 1)
    share = float(second(0.5**0.5)[1, 0])
    signs = [
        (second(1.0), "The scores are not divided by √d_h, here √2.", SCALE),
        (second(0.5), "The scores are divided by d_h = 2; it is its root.", SCALE),
        (second(0.5**0.5, 0.5), "The first token saw the second: the mask is missing, or puts 0 where −∞ belongs.", MASK),
        (second(0.0), "The scores stand transposed: row i belongs to query i, q @ kᵀ. Or w_q is used transposed: x @ w_q.", ATTENTION),
        (_rows([1.0, share], [0.0, 1 - share]), "The weights stand transposed where they meet the values: it is weights @ v.", ATTENTION),
        (_rows([0.0, 1.0], [share, 1 - share]), "All of token 1's weight goes to the token after it: later scores get −∞, not a large positive number.", MASK),
        (_rows([0.5, 0.0], [share, 1 - share]), "Token 1 has a weight of 0.5 in all: the mask came after the softmax. −∞ goes into the scores, before it.", MASK),
        (_rows([0.5, 0.5], [0.0, 1.0]), "The mask is the wrong way round: token 2 sees itself alone. Row i keeps the columns j ≤ i.", MASK),
        *((_rows([1 - share, 0.0], [share, last]), "The softmax runs down the columns. Each query shares out its own weight of 1: dim=-1.", ATTENTION) for last in (1.0, 0.5)),
    ]
    hint = "Scores q @ kᵀ/√d_h, −∞ above the diagonal, softmax over the last axis, times v, times w_o."
    if not answer.problem and isinstance(answer.value, torch.Tensor) and answer.value.isnan().any():
        hint = (
            "NaN: +∞ stands among the scores, or −∞ among the weights, or a mask was multiplied by ∞. Or the mask was made from the scores, "
            "as in `scores.tril() == 0`: those of token 1 are 0 by themselves."
        )
    return compare(card, text, answer, second(0.5**0.5), hint, ATTENTION, signs)


def _both_maps(card: Card, function: Callable) -> None:
    text = "queries twice as large and keys half as large give the same"
    x, (w_q, w_k, *others) = drawn(4, 4), _weights(4)
    plain, scaled = attempt(function, x, w_q, w_k, *others, 1), attempt(function, x, 2 * w_q, w_k / 2, *others, 1)
    hint = "One of the two is x itself, or made with the other's weights: q = x @ w_q, k = x @ w_k."
    if isinstance(plain.value, torch.Tensor):
        compare(card, text, scaled, plain.value, hint, ATTENTION)


def _causal(card: Card, function: Callable) -> None:
    x = drawn(5, 4)
    other = x.clone()
    other[-1] *= -50
    leak = "The future leaks into the past. A mask after the softmax comes too late: the denominator has seen everything."
    mixed = (
        "With one head nothing leaked, so the mask is right. Tokens get mixed up where the heads are cut or put together: "
        "exchange the axes m and heads after the first reshape, and back before the last."
    )
    for heads, text, hint, section in (
        (1, "changing the last token changes no earlier output", leak, MASK),
        (2, "… nor with two heads", mixed, HEADS),
    ):
        first, second = (attempt(function, t.clone(), *_weights(4), heads) for t in (x, other))
        if first.problem or second.problem:
            problem = first if first.problem else second
            card.check(False, text, "no change", problem.problem, problem.hint, section)
            return
        moved = float((first.value[:-1] - second.value[:-1]).abs().max())
        if not card.check(moved < 1e-9, text, "no change", f"a change of up to {moved:.2g}", hint, section):
            return
    whole, shorter = (attempt(function, t.clone(), *_weights(4), 1) for t in (x, x[:-1]))
    hint = "Something counts the tokens. The scores are divided by √d_h, however many there are."
    compare(card, "… nor does leaving it out", shorter, whole.value[:-1], hint, SCALE)


def _heads(card: Card, function: Callable) -> None:
    text = "where all scores are 0, every head weighs alike: two heads give what one gives"
    x, (_, *others) = drawn(5, 4), _weights(4)
    one, two = (attempt(function, x, torch.zeros(4, 4, dtype=torch.float64), *others, heads) for heads in (1, 2))
    if one.problem:
        card.check(False, text, "the same", one.problem, one.hint, HEADS)
        return
    hint = (
        "Each head reads all d features: x @ w first, then cut what comes out into heads. Where the heads come together, exchange the axes "
        "back before the reshape."
    )
    if not compare(card, text, two, one.value, hint, HEADS):
        return
    text = "where the weights keep two halves of the features apart, two heads do to each what one head does to it alone"
    x = drawn(5, 6)
    halves = [[w[:3, :3] for w in _weights(6)], [w[3:, 3:] for w in _weights(6)]]
    together = [torch.block_diag(first, second) for first, second in zip(*halves)]
    answer = attempt(function, x, *together, 2)
    alone = [attempt(function, x[:, columns], *weights, 1) for columns, weights in zip((slice(0, 3), slice(3, 6)), halves)]
    if any(one.problem for one in alone):
        card.check(False, text, "two results", alone[0].problem or alone[1].problem, alone[0].hint, HEADS)
        return
    expected = torch.cat([one.value for one in alone], dim=-1)
    softer = [attempt(function, x[:, columns], weights[0] / math.sqrt(2), *weights[1:], 1) for columns, weights in zip((slice(0, 3), slice(3, 6)), halves)]
    signs = [
        (attempt(function, x, *together, 1).value, "This is what one head gives: `heads` is not used.", HEADS),
        (torch.cat([one.value for one in softer], dim=-1), "The scores are divided by √d, here √6. Each head is as wide as d_h = 3, so it is √3.", SCALE),
    ]
    hint = (
        "reshape(…, m, heads, d_h) splits the features; then exchange the axes m and heads, and back before they are put "
        "together. Each head has a softmax of its own, and its scores are divided by √d_h, not √d."
    )
    compare(card, text, answer, expected, hint, HEADS, signs)


def _ranks(card: Card, function: Callable) -> None:
    text = "(m, d), (B, m, d) and (A, B, m, d) give the same for the same tokens"
    x = drawn(2, 3, 5, 4)
    whole = attempt(function, x, *_weights(4), 2)
    single = attempt(function, x[1, 2], *_weights(4), 2)
    problem = whole.problem or single.problem
    good = not problem and close(whole.value[1, 2], single.value)
    hint = "Tokens and features are the last two axes: `*lead, m, d = x.shape`."
    card.check(good, text, "the same", problem or "something else", hint, SHAPES)


def _large(card: Card, function: Callable) -> None:
    text = "scores of thousands give no NaN"
    x, weights = (drawn(4, 4) * 100).float(), [w.float() for w in _weights(4)]
    answer = attempt(function, x, *weights, 2)
    good = not answer.problem and bool(torch.isfinite(answer.value).all())
    hint = "exp of a large score is infinite. `torch.softmax` subtracts the largest score first, and wants −∞ in the scores before that."
    if not card.check(good, text, "finite numbers", answer.problem or "NaN", answer.hint or hint, ATTENTION):
        return
    hint = "The number that later scores get, or that is added to them, is not low enough beside scores of thousands. Use −∞."
    expected = x[:1] @ weights[2] @ weights[3]
    if not compare(card, "… and the first token sees only itself there, too", Answer(answer.value[:1]), expected, hint, MASK, atol=0.1):
        return
    answer = attempt(function, x, *weights, 1)
    values = x @ weights[2] @ weights[3]  # each token's score for one token lies thousands above its others
    nearest = [float((values - row).abs().amax(-1).min()) for row in answer.value] if not answer.problem else [math.inf]
    hint = (
        "Large scores differ as much as small ones do. They are not to be clamped, `torch.softmax` subtracts the largest first; nor are "
        "queries or keys to be normalised."
    )
    text = "… and with one head each token looks at one token alone"
    card.check(max(nearest) < 0.1, text, "a row of the values", answer.problem or "a mixture", answer.hint or hint, ATTENTION)


# FeedForward ----------------------------------------------------------------------------------


def feed_forward(kind: type) -> None:
    card = Card("FeedForward", CHAPTER)
    if present(card, kind, "class", "class FeedForward(nn.Module):", FEED_FORWARD):
        network = made(card, kind, 3, 5, section=SPEC)
        if network is not None and _named(card, network) and steady(card, network, drawn(2, 3), FEED_FORWARD) and _up_and_down(card, network):
            _same_shape(card, network)
            learns(card, network, drawn(2, 4, 3), DEPTH)
    card.show()


def _named(card: Card, network: nn.Module) -> bool:
    expected = {"up.weight": (5, 3), "up.bias": (5,), "down.weight": (3, 5), "down.bias": (3,)}
    found = {name: tuple(p.shape) for name, p in network.named_parameters(remove_duplicate=False)}  # a part may have two names
    good = expected.items() <= found.items() and len(list(network.parameters())) == 4
    hint = "`self.up = nn.Linear(d, hidden)` and `self.down = nn.Linear(hidden, d)`, with `hidden` as given, and no others."
    return card.check(good, "FeedForward(3, 5) has the parameters of `up` and `down`", expected, found, hint, FEED_FORWARD)


def _up_and_down(card: Card, network: nn.Module) -> bool:
    text = "with all weights 1 and biases 0, x = (1, −2, −1) gives 5 · GELU(−2) = −0.2275 in every feature"
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
    x = torch.tensor([[1.0, -2.0, -1.0]], dtype=torch.float64)
    ones = torch.ones(1, 3, dtype=torch.float64)
    signs = [
        (-10.0 * ones, "There is no GELU between the two maps.", FEED_FORWARD),
        (0.0 * ones, "This is ReLU; the contract has GELU. Or GELU stands after the second map, or x was normalised first.", FEED_FORWARD),
        (x - 0.2275, "x itself was added. The residual belongs to the block.", STREAM),
    ]
    hint = "GELU stands between the two maps, and nowhere else."
    if not compare(card, text, attempt(network, x), -0.2275 * ones, hint, FEED_FORWARD, signs, atol=5e-3):
        return False
    with torch.no_grad():
        network.up.bias.fill_(1.0)
        network.down.bias.fill_(0.5)
    text = "with biases of 1 in `up` and ½ in `down` it is 5 · GELU(−1) + ½ = −0.2933"
    signs = [(value * ones, "A bias has no part in the result.", FEED_FORWARD) for value in (-0.2275, 0.2725, -0.7933)]
    if not compare(card, text, attempt(network, x), -0.2933 * ones, "Call the `nn.Linear` itself, or add its bias.", FEED_FORWARD, signs, atol=5e-3):
        return False
    text = "with the same weights x = (9, 0, 0) gives 5 · GELU(10) + ½ = 50.5"
    hint = "GELU has no bound above: it leaves large values as they are."
    return compare(card, text, attempt(network, 9 * torch.eye(3, dtype=torch.float64)[:1]), 50.5 * ones, hint, FEED_FORWARD)


def _same_shape(card: Card, network: nn.Module) -> None:
    answer = attempt(network, drawn(2, 4, 3))
    hint = "A linear map takes any number of axes before the last: no reshape is needed, and one that is made has to be undone."
    found = answer.problem or describe(answer.value)
    good = isinstance(answer.value, torch.Tensor) and answer.value.shape == (2, 4, 3)
    card.check(good, "x of shape (2, 4, 3) keeps its shape", "a tensor of shape (2, 4, 3)", found, answer.hint or hint, SHAPES)


# PreNormBlock ---------------------------------------------------------------------------------


def pre_norm_block(kind: type) -> None:
    card = Card("PreNormBlock", CHAPTER)
    if present(card, kind, "class", "class PreNormBlock(nn.Module):", PRE) and _silent(card, kind) and _steady(card, kind):
        _two_steps(card, kind)
        _scale_of_the_stream(card, kind)
        _registered(card, kind)
        block = made(card, kind, Bent(4, 1), Bent(4, 2), norm_of(4, 3), norm_of(4, 4), section=SPEC)
        if block is not None:
            unchanged(card, block, drawn(3, 4), STREAM)
            learns(card, block, drawn(3, 4), DEPTH)
    card.show()


def _silent(card: Card, kind: type) -> bool:
    text = "with branches that return 0 the stream passes through untouched"
    zero = linear(torch.zeros(4, 4, dtype=torch.float64))
    block = made(card, kind, zero, zero, norm_of(4, 3), norm_of(4, 4), section=SPEC)
    if block is None:
        return False
    x = drawn(3, 4) * 5
    first, second = norm_of(4, 3), norm_of(4, 4)
    signs = [
        (second(first(x)), "The stream itself was normalised: that is post-norm, or the residual is taken after the norm.", POST),
        (second(x), "The stream was normalised at the end. In pre-norm nothing touches it.", PRE),
        (first(x), "The residual was taken from the normalised stream. Add to x itself.", STREAM),
        (0 * x, "The branches replace the stream where they should be added to it.", STREAM),
    ]
    signs.append((x + first.bias + second.bias, "Each branch's norm stands at its exit, where it adds its β even to 0: that is res-post.", RES_POST))
    hint = "x + F(LN(x)): where F gives 0, x is left. Does something scale or centre the stream on its way?"
    if not compare(card, text, attempt(block, x.clone()), x, hint, PRE, signs):
        return False
    hint = "In training mode something is dropped from the stream. Dropout belongs on a branch, before the addition."
    return compare(card, "… in training mode too", attempt(block.train(), x.clone()), x, hint, STREAM)


def _steady(card: Card, kind: type) -> bool:
    block = made(card, kind, Bent(4, 1), Bent(4, 2), norm_of(4, 3), norm_of(4, 4), section=SPEC)
    return block is not None and steady(card, block, drawn(3, 4), STREAM)


def _two_steps(card: Card, kind: type) -> None:
    text = "the worked example: attention turns the features round by one place, the feed-forward network doubles"
    turned = linear(torch.eye(3, dtype=torch.float64).roll(1, 0))
    double = linear(2 * torch.eye(3, dtype=torch.float64))
    block = made(card, kind, turned, double, *(nn.LayerNorm(3, dtype=torch.float64) for _ in range(2)), section=SPEC)
    if block is None:
        return
    x = torch.tensor([[3.0, 0.0, -3.0]], dtype=torch.float64)
    expected = torch.tensor([[3.4397, 2.3729, -5.8127]], dtype=torch.float64)
    same_input = torch.tensor([[4.2247, 1.2247, -5.4495]], dtype=torch.float64)

    def norm(t: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(t, (3,))

    h, raw = x + turned(norm(x)), x + turned(x)
    signs = [
        (same_input, "Attention's result is not in what the feed-forward network reads: it comes second, and reads the new stream.", PRE),
        (h + double(h), "The feed-forward network reads the stream itself: norm2 is not used.", PRE),
        (raw + double(norm(raw)), "Attention reads the stream itself: norm1 is not used.", PRE),
        (raw + double(raw), "Both branches read the stream itself: neither norm is used.", PRE),
        (x + double(norm(h)), "The second addition is to x, and attention's result gets lost. Add to h.", STREAM),
        (x + double(norm(turned(norm(x)))), "There is one addition for both sub-layers. Each has its own.", STREAM),
    ]
    hint = "First h = x + attention(norm1(x)), then h + feed_forward(norm2(h))."
    compare(card, text, attempt(block, x), expected, hint, PRE, signs, atol=1e-3)


def _scale_of_the_stream(card: Card, kind: type) -> None:
    eye = linear(torch.eye(3, dtype=torch.float64))
    zero = linear(torch.zeros(3, 3, dtype=torch.float64))
    first, second = norm_of(3, 3), norm_of(3, 4)
    x = drawn(2, 3)
    for parts, norm, name, text in (
        ((eye, zero), first, "norm1", "what attention reads is norm1 of the stream"),
        ((zero, eye), second, "norm2", "what the feed-forward network reads is norm2 of the stream"),
    ):
        block = made(card, kind, *parts, first, second, section=SPEC)
        if block is None:
            return
        other = second if norm is first else first
        signs = [
            (x + other(x), f"The other norm was used where {name} belongs.", PRE),
            (2 * x, f"{name} was not used.", PRE),
            (x + nn.functional.layer_norm(x, (3,)), f"A norm with γ = 1 and β = 0 stands there. Call the {name} that was given.", SPEC),
        ]
        if not compare(card, text, attempt(block, x.clone()), x + norm(x), f"The other branch gives 0 here, so this is x + {name}(x).", PRE, signs):
            return


def _registered(card: Card, kind: type) -> None:
    block = made(card, kind, Bent(4, 1), Bent(4, 2), norm_of(4, 3), norm_of(4, 4), section=SPEC)
    found = sum(p.numel() for p in block.parameters()) if block is not None else 0
    hint = "Assign the parts as attributes (`self.norm1 = norm1`); parts in a plain list or dict are not trained."
    hint = "There are parameters besides those of the four parts. The block has none of its own." if found > 48 else hint
    card.check(found == 48, "`parameters()` lists the parts: 48 numbers", 48, found, hint, SPEC)


# Transformer ----------------------------------------------------------------------------------


class Doubled(nn.Module):
    """A block that doubles the stream and turns its features by one place."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x.roll(1, -1)


def transformer(kind: type) -> None:
    card = Card("Transformer", CHAPTER)
    if present(card, kind, "class", "class Transformer(nn.Module):", FINAL) and _in_order(card, kind):
        _no_blocks(card, kind)
        blocks = [Bent(4, seed) for seed in (1, 2, 3)]
        model = made(card, kind, blocks, norm_of(4, 4), section=SPEC)
        if model is not None:
            found = sum(p.numel() for p in model.parameters())
            hint = "`nn.ModuleList(blocks)` registers what stands in a list; a plain list does not."
            hint = "The final norm is missing: `self.final_norm = final_norm`." if found == 48 else hint
            card.check(found == 56, "`parameters()` lists blocks and norm: 56 numbers", 56, found, hint, SPEC)
            steady(card, model, drawn(2, 3, 4), FINAL)
            learns(card, model, drawn(2, 3, 4), DEPTH)
    card.show()


def _in_order(card: Card, kind: type) -> bool:
    text = "three different blocks run once each, in order, then the norm"
    blocks, norm = [Bent(4, seed) for seed in (1, 2, 3)], norm_of(4, 4)
    model = made(card, kind, blocks, norm, section=SPEC)
    if model is None:
        return False
    x = drawn(2, 4)
    a, b, c = blocks
    once = x + a(x)
    once = once + b(once)
    signs = [
        (c(b(a(x))), "The final norm is missing.", FINAL),
        (norm(norm(c(b(a(x))))), "The final norm was applied twice.", FINAL),
        (x + norm(c(b(a(x)))), "x was added to the result. The residuals are inside of the blocks.", STREAM),
        (norm(c(norm(b(norm(a(norm(x))))))), "The norm was applied before every block, too.", FINAL),
        (norm(a(x) + b(x) + c(x)), "Every block read the input, and their results were added. They run one after another.", FINAL),
        (norm(c(x)), "Every block read the input anew. Each reads what the one before it gave: x = block(x).", FINAL),
        (nn.functional.layer_norm(c(b(a(x))), (4,)), "That is a norm without γ and β: call the `final_norm` that was given.", FINAL),
        (c(b(a(norm(x)))), "The norm stands before the blocks. It is a final norm.", FINAL),
        (norm(c(norm(b(norm(a(x)))))), "The norm was applied after every block.", FINAL),
        (norm(a(b(c(x)))), "The blocks ran from the last to the first.", FINAL),
        *((norm(one(one(one(x)))), "The same block ran every time.", FINAL) for one in blocks),
        (norm(b(a(x))), "The last block did not run.", FINAL),
        (norm(c(b(x))), "The first block did not run.", FINAL),
        (norm(once + c(once)), "Each block's input was added to its result. The residuals are inside of the blocks.", STREAM),
    ]
    return compare(card, text, attempt(model, x), norm(c(b(a(x)))), "for block in self.blocks: x = block(x); then the norm.", FINAL, signs)


def _no_blocks(card: Card, kind: type) -> None:
    norm, x = norm_of(4, 4), drawn(2, 4)
    for count in (0, 1):
        blocks = [Doubled()] * count
        model = made(card, kind, blocks, norm, section=SPEC)
        if model is None:
            return
        expected = norm(2 * x.roll(1, -1)) if count else norm(x)
        text = "with no block at all the result is the norm of x" if count == 0 else "one block is enough"
        if not compare(card, text, attempt(model, x), expected, "The loop over the blocks may run zero times.", FINAL):
            return


# residual_sublayer ----------------------------------------------------------------------------


def residual_sublayer(function: Callable) -> None:
    card = Card("residual_sublayer", CHAPTER)
    form = "def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):"
    if present(card, function, "function", form, PLACEMENTS):
        for placement in ("pre", "post", "res-post", "sandwich", "deepnorm", "none"):
            _placement(card, function, placement)
    card.show()


def _noted(**parts: nn.Module) -> dict[str, list[torch.Tensor]]:
    """Return the lists, by the parts' names, into which they put what they read."""
    read: dict[str, list[torch.Tensor]] = {name: [] for name in parts}
    for name, part in parts.items():
        part.register_forward_pre_hook(lambda _, inputs, name=name: read[name].append(inputs[0].detach().clone()))
    return read


def _placement(card: Card, function: Callable, placement: str) -> None:
    """Tell a placement by its marks: what the result looks like after which norm."""
    x = drawn(2, 3) * 4
    bent, norm, output_norm = Bent(3, 1), norm_of(3, 2), norm_of(3, 3)
    given = {"output_norm": output_norm} if placement == "sandwich" else {}  # no other has one
    read = _noted(branch=bent, norm=norm)
    build = attempt(function, placement, bent, norm, alpha=2.0, **given)
    section = dict(zip(("pre", "post", "res-post", "sandwich", "deepnorm", "none"), (PRE, POST, RES_POST, SANDWICH, DEEPNORM, PLACEMENTS)))[placement]
    text = f"“{placement}”"
    if build.problem or not callable(build.value):
        found = build.problem or describe(build.value)
        card.check(False, text, "a function of x", found, build.hint or "Return a function (or module), not a tensor.", section)
        return
    lent = x.clone()
    answer = attempt(build.value, lent)
    read = {name: list(inputs) for name, inputs in read.items()}  # what follows is not the function's own
    if answer.problem or not isinstance(answer.value, torch.Tensor):
        card.check(False, text, "a tensor", answer.problem or describe(answer.value), answer.hint, section)
        return
    y = answer.value
    own = (y - norm.bias) / norm.weight
    on_stream = bool((own.mean(-1).abs() < 1e-4).all()) and bool(((own**2).mean(-1).sqrt() - 1).abs().max() < 1e-2)
    added = y - x
    exits = {name: (added - n.bias) / n.weight for name, n in (("norm", norm), ("output_norm", output_norm))}
    at_exit = [name for name, v in exits.items() if (v.mean(-1).abs() < 1e-4).all() and ((v**2).mean(-1).sqrt() - 1).abs().max() < 1e-2]
    scaled = attempt(build.value, 1000 * x).value - 1000 * x
    bounded = bool((scaled - added).abs().max() < 0.3) and not on_stream  # the branch reads a normalised stream
    found = "the norm is on the stream" if on_stream else f"the result of the branch went through {at_exit[0]}" if at_exit else "no norm after the branch"
    found += "; the branch reads a norm of the stream" if bounded and not at_exit else ""
    wanted = {"pre": (False, []), "post": (True, []), "res-post": (False, ["norm"]), "sandwich": (False, ["output_norm"]), "deepnorm": (True, []), "none": (False, [])}
    stream, leave = wanted[placement]
    good = on_stream == stream and at_exit == leave
    marks = {
        "pre": "adds to x what the branch makes of the norm of x",
        "post": "puts the norm on the stream, after the addition",
        "res-post": "puts the norm at the exit of the branch",
        "sandwich": "ends the branch with `output_norm`",
        "deepnorm": "puts the norm on the stream, after the addition",
        "none": "has no norm",
    }
    if placement == "pre":
        good = good and bounded
    if placement == "sandwich" and good:
        at_entry = attempt(function("sandwich", lambda t: t, norm, output_norm=nn.Identity(), alpha=2.0), x.clone()).value - x
        good = close(at_entry, norm(x))
        found = found if good else "without `output_norm` the branch does not read `norm` of x"
    if placement == "deepnorm" and good:
        plain = attempt(function("deepnorm", bent, nn.Identity(), output_norm=output_norm, alpha=3.0), x.clone()).value
        more = attempt(function("deepnorm", bent, nn.Identity(), output_norm=output_norm, alpha=4.0), x.clone()).value
        good = close(more - plain, x)
        found = found if good else "α does not multiply the stream"
    if placement == "none":
        good = good and not bounded and not close(y, bent(x)) and close(y, x + bent(x))
    if not good and any(close(y, bent(t)) for t in (x, norm(x))):
        found = "the result of the branch alone: x is not added"
    if not good and close(y, norm(x) + bent(norm(x))):
        found = "norm(x) is added, and not x itself"
    plain = attempt(function, placement, bent, norm, **given)  # without `alpha`, which has a default
    plainly = attempt(plain.value, x.clone()).value if callable(plain.value) else None
    if placement != "deepnorm" and not close(plainly, y):
        good, found = False, plain.problem or "`alpha` changes the result, and only “deepnorm” has it"
    if placement == "deepnorm" and good and not close(plainly, norm(x + bent(x))):
        good, found = False, plain.problem or "`alpha` is not 1 where it is left out"
    if good:
        entry, name = (norm(x), "the norm of x") if placement in ("pre", "sandwich") else (x, "x itself")
        good = any(close(t, entry) for t in read["branch"])
        found = found if good else f"what the branch reads is not {name}"
    if good and placement == "res-post":
        good = any(close(t, bent(x)) for t in read["norm"])
        found = found if good else "what the norm reads is not the branch's result alone"
    if good:
        right = {
            "pre": lambda: x + bent(norm(x)),
            "post": lambda: norm(x + bent(x)),
            "res-post": lambda: x + norm(bent(x)),
            "sandwich": lambda: x + output_norm(bent(norm(x))),
            "deepnorm": lambda: norm(2 * x + bent(x)),
            "none": lambda: x + bent(x),
        }[placement]()
        good = close(y, right)
        found = found if good else "other numbers: is the branch there, and added to x?"
    if good and not torch.equal(lent, x):
        good, found = False, "x itself was changed: write `x = x + …`, not `x += …`"
    if good and not learns(Card(text, CHAPTER), build.value, x, section):  # a card that is not shown
        good, found = False, "the gradient of x is not that of the output: `.detach()` or `torch.no_grad()` cuts the graph"
    formulas = {
        "pre": "x + F(norm(x))",
        "post": "norm(x + F(x))",
        "res-post": "x + norm(F(x))",
        "sandwich": "x + output_norm(F(norm(x)))",
        "deepnorm": "norm(α·x + F(x))",
        "none": "x + F(x)",
    }
    card.check(good, f"{text} {marks[placement]}", formulas[placement], found, f"See the table above: what does the row “{placement}” say?", section)


# predictions, quiz ----------------------------------------------------------------------------


def reveal_growth(prediction: object, function: Callable) -> None:
    """Show how the stream grows through 64 pre-norm sub-layers, beside what was predicted."""
    card = Card("Prediction: the stream after 64 sub-layers", CHAPTER)
    if prediction is None:
        card.note("Write your prediction into the cell above first, run it, then run this one.")
        card.show()
        return
    torch.manual_seed(0)
    d = 256
    x = start = torch.randn(32, d)
    norm = nn.LayerNorm(d, elementwise_affine=False)
    sizes = []
    for _ in range(64):
        weight = torch.randn(d, d) / math.sqrt(d)
        answer = attempt(function, "pre", lambda t: t @ weight, norm)
        if answer.problem:
            card.note(f"`residual_sublayer` is not ready: {answer.problem}")
            card.show()
            return
        x = answer.value(x)
        sizes.append(float(x.pow(2).mean().sqrt() / start.pow(2).mean().sqrt()))
    card.note(f"You predicted a factor of {prediction}. Computed with your function: {sizes[-1]:.2f} (after 16 sub-layers {sizes[15]:.2f}).")
    card.note("Each branch adds about 1 to the variance, because what it reads has variance 1: 1 + 64 = 65, and √65 ≈ 8.06. "
              "The stream grows like the root of the depth; a post-norm stream would stay at 1.")  # fmt: skip
    card.show()


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 5)
