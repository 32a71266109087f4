"""The clinic's instruments and visible checks: ``observe_…`` shows the symptom of the code as it stands, the others check a repair.

The checks tell you what to look at next. The grade is given by other cases of the same kinds.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

import python_errors
from card import Card, attempt, describe, letters
from tensors import Bent, close, compare, drawn, learns, linear, made, norm_of, present, steady, unchanged

CHAPTER = "6_block_clinic"
FINAL_NORM = "clinic-final-norm: Why does the loss grow with depth?"
ON_RESIDUAL = "clinic-norm-on-residual: Why does a block forget how large its input was?"
SHARED = "clinic-shared-norm: Which parameter never moves?"
RES_POST = "clinic-res-post: Can a block follow its specification and still be another block?"
TRANSPOSE = "clinic-transpose: How can attention see the future through a mask that is right?"
MASK = "clinic-mask: Why do the first tokens hardly attend to anything?"
ONE_PASS = "clinic-one-pass: What can be wrong with a formula that passes every test?"
EVALUATION = "clinic-eval-statistics: Why is the same model good in training and bad in service?"
DECAY = "clinic-weight-decay: Who pulls the gains down?"
NARROW = "clinic-bf16: Why is bfloat16 wrong where nothing overflows?"
FUSING = "clinic-fusing: What do tests with 64, 128 and 256 have in common?"


# instruments ----------------------------------------------------------------------------------


def table(title: str, header: tuple[str, ...], rows: list[tuple]) -> None:
    """Print a log as an engineer would get it."""
    cells = [header, *(tuple(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(title)
    for row in cells:
        print("  " + "   ".join(text.rjust(width) for text, width in zip(row, widths)))


def rms(x: torch.Tensor) -> float:
    return float(x.detach().double().pow(2).mean().sqrt())


def observing(show: Callable) -> Callable:
    """An instrument shows what it can; code that does not run gives a line, no traceback."""

    def observe(*things) -> None:
        try:
            show(*things)
        except Exception as error:
            problem, hint = python_errors.told(error)
            print(f"It does not run: {problem}\n{hint}")

    return observe


class PreNorm(nn.Module):
    """One branch of the course's own, x + tanh(W·LN(x)), to build deep models with."""

    def __init__(self, d: int, seed: int) -> None:
        super().__init__()
        self.norm, self.branch = nn.LayerNorm(d, dtype=torch.float64), Bent(d, seed)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(self.norm(x))


@observing
def observe_migrated_model(kind: type) -> None:
    vocabulary, d = 64, 32
    rows = []
    for depth in (2, 8, 32, 128):
        head = linear(drawn(vocabulary, d, seed=5) / math.sqrt(d))
        model = kind([PreNorm(d, seed) for seed in range(depth)], nn.LayerNorm(d, dtype=torch.float64), head).double()
        x, targets = drawn(256, d), torch.arange(256) % vocabulary
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, targets).item()
        rows.append((depth, rms(logits), loss))
    table(f"At the start of training (a guess costs ln {vocabulary} = {math.log(vocabulary):.2f}):", ("blocks", "RMS of the logits", "loss"), rows)


def _block(kind: type, d: int = 8, first=None, second=None) -> nn.Module:
    return kind(Bent(d, 1), Bent(d, 2), first or nn.LayerNorm(d), second or nn.LayerNorm(d)).double()


@observing
def observe_refactored_block(kind: type) -> None:
    block, x = _block(kind), drawn(6, 8)
    rows = []
    for scale in (0.1, 1.0, 10.0, 100.0):
        found = block(scale * x)
        rows.append((scale, rms(scale * x), rms(found), (found * x).sum().item() / (found.norm() * x.norm()).item()))
    table("One block, the same tokens at four scales:", ("scale", "RMS in", "RMS out", "cosine of out and in"), rows)
    (block(x) * drawn(6, 8, seed=3)).sum().backward()
    table("Gradients of γ:", ("", "RMS"), [(n, rms(p.grad) if p.grad is not None else "none") for n, p in block.named_parameters() if "norm" in n and "weight" in n])


@observing
def observe_compact_block(kind: type) -> None:
    first, second = nn.LayerNorm(8), nn.LayerNorm(8)
    block = _block(kind, 8, first, second)
    optimiser = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.05)
    x, wanted, rows = drawn(64, 8), drawn(64, 8, seed=9), []
    for step in range(201):
        loss = (block(x) - wanted).pow(2).mean()
        if step % 50 == 0:
            spread = [float((norm.weight - 1).abs().max().detach()) for norm in (first, second)]
            rows.append((step, loss.item(), *spread, second.weight.requires_grad))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    table("Training the norms alone:", ("step", "loss", "max |γ1 − 1|", "max |γ2 − 1|", "γ2 requires grad"), rows)


@observing
def observe_specified_block(kind: type) -> None:
    rows = []
    for scale in (0.1, 1.0, 10.0):
        x = scale * drawn(5, 8)
        quiet = linear(torch.zeros(8, 8, dtype=torch.float64))
        norms = [nn.LayerNorm(8, elementwise_affine=False, eps=1e-12) for _ in range(2)]
        added = kind(Bent(8, 1), quiet, *norms).double()(x) - x
        each = added.pow(2).mean(-1).sqrt()
        rows.append((scale, each.min().item(), each.max().item()))
    table("What attention adds to five tokens (the feed-forward network is silent, γ = 1):", ("scale of x", "smallest RMS", "largest RMS"), rows)


@observing
def observe_merge_heads(function: Callable) -> None:
    rows = []
    for heads in (1, 2, 4):
        x = drawn(heads, 6, 8 // heads)
        other = x.clone()
        other[:, -1] += 100  # the last token only
        moved = (function(x) - function(other)).abs().amax(-1) > 1
        rows.append((heads, ", ".join(str(i + 1) for i in moved.nonzero().flatten().tolist())))
    table("Token 6 of 6 was changed. Rows of the merged result that moved:", ("heads", "rows"), rows)


@observing
def observe_attention_weights(function: Callable) -> None:
    scores = drawn(5, 5)
    other = scores.clone()
    other[:, -1] += 3  # what every token makes of the last one
    first, second = function(scores), function(other)
    rows = [(i + 1, first[i].sum().item(), (first[i] - second[i]).abs().max().item()) for i in range(5)]
    table("Five tokens; then token 5 was made more attractive:", ("token", "sum of its weights", "largest change"), rows)


@observing
def observe_fast_layer_norm(function: Callable) -> None:
    ones, zeros = torch.ones(64), torch.zeros(64)
    rows = []
    for offset in (0.0, 100.0, 1e3, 4e3, 1e4):
        x = (drawn(64, 64) + offset).float()
        exact = (x.double() - x.double().mean(-1, keepdim=True)) / (x.double().var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()
        found = function(x, ones, zeros)
        rows.append((offset, rms(found), float((found - exact).abs().max()), int(found.isnan().any(-1).sum())))
    table("64 tokens of spread 1 in float32:", ("offset", "RMS of the result", "largest error", "rows that are NaN"), rows)


@observing
def observe_token_norm(kind: type) -> None:
    rows = []
    for seen in (0, 1, 10, 100):
        norm = kind(8).double()
        for step in range(seen):
            norm.train()(drawn(16, 8, seed=step) * 3 + 2)
        x = drawn(4, 8, seed=1000) * 3 + 2
        rows.append((seen, rms(norm.train()(x)), rms(norm.eval()(x))))
    table("The same four tokens, after so many batches in training mode:", ("batches", "RMS in training mode", "RMS in evaluation"), rows)


@observing
def observe_weight_decays(function: Callable) -> None:
    norm = nn.LayerNorm(8)
    x = drawn(256, 8).float()
    decays = function({name: list(p.shape) for name, p in norm.named_parameters()}, 0.1)
    groups = [{"params": [p], "weight_decay": decays[name]} for name, p in norm.named_parameters()]
    optimiser = torch.optim.AdamW(groups, lr=0.01)
    rows = []
    for step in range(2001):
        if step % 500 == 0:
            rows.append((step, float(norm.weight.mean().detach())))
        optimiser.zero_grad()
        # A task that does not care how large γ is: only the direction of the result counts.
        (1 - nn.functional.cosine_similarity(norm(x), x - x.mean(-1, keepdim=True), dim=-1)).mean().backward()
        optimiser.step()
    table("γ of one norm during training, mean over its features:", ("step", "γ"), rows)


@observing
def observe_narrow_layer_norm(function: Callable) -> None:
    rows = []
    for offset in (0.0, 10.0, 50.0, 100.0):
        x = (drawn(32, 64) * 2 + offset).to(torch.bfloat16)
        exact = (x.double() - x.double().mean(-1, keepdim=True)) / (x.double().var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()
        errors = [float((function(x.to(t), torch.ones(64, dtype=t), torch.zeros(64, dtype=t)).double() - exact).abs().max())
                  for t in (torch.bfloat16, torch.float32)]  # fmt: skip
        rows.append((offset, *errors))
    table("Largest error for the same tokens, given in two dtypes:", ("offset", "bfloat16 in", "float32 in"), rows)


@observing
def observe_fused_layer_norm(function: Callable) -> None:
    rows = []
    for d in (64, 96, 128, 192, 256, 768):
        x = drawn(16, d) + 2
        exact = (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()
        ones, zeros = torch.ones(d, dtype=torch.float64), torch.zeros(d, dtype=torch.float64)
        errors = [float((function(t, o, z) - e).abs().max()) for t, o, z, e in
                  ((x, ones, zeros, exact), (x - 2, ones, zeros, exact))]  # fmt: skip
        rows.append((d, *errors))
    table("Largest error, in float64:", ("features", "tokens with mean 2", "with mean 0"), rows)


# repairs --------------------------------------------------------------------------------------


def migrated_model(kind: type) -> None:
    card = Card("MigratedModel", CHAPTER)
    blocks, norm, head = [PreNorm(4, seed) for seed in (1, 2)], norm_of(4, 3), linear(drawn(6, 4, seed=4))
    if present(card, kind, "class", "class MigratedModel(nn.Module):", FINAL_NORM):
        model = made(card, kind, blocks, norm, head, section=FINAL_NORM)
        if model is not None:
            x = drawn(3, 4)
            signs = [
                (head(blocks[1](blocks[0](norm(x)))), "A norm before the blocks does not help: the blocks add to the stream.", FINAL_NORM),
                (head(norm(blocks[1](norm(blocks[0](x))))), "The norm stands after every block now. One is enough, where the head begins to read.", FINAL_NORM),
            ]
            far = attempt(model, 1000 * x)
            size = f"{rms(far.value):.3g}" if isinstance(far.value, torch.Tensor) else far.problem
            hint = "What the head reads has to have the same scale, whatever the depth and the size of the stream."
            bounded = isinstance(far.value, torch.Tensor) and rms(far.value) < 50
            if card.check(bounded, "a stream a thousand times as large gives no larger logits", "logits of a usual size", size, hint, FINAL_NORM):
                expected = head(norm(blocks[1](blocks[0](x))))
                hint = "The blocks run in order, once each; `self.norm`, with the γ and β that it brings, comes once, before the head."
                compare(card, "nothing else has changed", attempt(model, x), expected, hint, FINAL_NORM, signs)
                compare(card, "… in training either", attempt(model.train(), x), expected, "A norm without dropout does the same in both modes.", FINAL_NORM)
                model.eval()
                steady(card, model, x, FINAL_NORM)
                learns(card, model, x, FINAL_NORM)
    card.show()


def _a_block(title: str, kind: type, section: str, *marks: Callable) -> None:
    card = Card(title, CHAPTER)
    if present(card, kind, "class", f"class {title}(nn.Module):", section):
        block = made(card, kind, Bent(4, 1), Bent(4, 2), norm_of(4, 3), norm_of(4, 4), section=section)
        if block is not None and all(mark(card, kind, section) for mark in marks):
            steady(card, block, drawn(3, 4), section)
            unchanged(card, block, drawn(3, 4), section)
            learns(card, block, drawn(3, 4), section)
    card.show()


def _silent_branches(card: Card, kind: type, section: str) -> bool:
    zero = linear(torch.zeros(4, 4, dtype=torch.float64))
    block = made(card, kind, zero, zero, norm_of(4, 3), norm_of(4, 4), section=section)
    if block is None:
        return False
    x = drawn(3, 4) * 5
    hint = "With nothing to add, what comes out is what came in: to the last digit, at any scale."
    if not compare(card, "branches that return 0 leave the stream alone", attempt(block, x), x, hint, section):
        return False
    return compare(card, "… in training mode too", attempt(block.train(), x), x, hint, section)


def _branch_reads(card: Card, kind: type, section: str) -> bool:
    eye, zero = linear(torch.eye(3, dtype=torch.float64)), linear(torch.zeros(3, 3, dtype=torch.float64))
    first, second = norm_of(3, 3), norm_of(3, 4)
    x = drawn(2, 3) * 3
    for parts, norm, name in (((eye, zero), first, "norm1"), ((zero, eye), second, "norm2")):
        block = made(card, kind, *parts, first, second, section=section)
        if block is None:
            return False
        other = second if norm is first else first
        signs = [
            (x + other(x), f"The other norm stands where {name} belongs.", section),
            (2 * x, "The branch reads the raw stream: its norm is gone.", section),
        ]
        text = f"a branch that hands on what it reads adds {name} of the stream"
        if not compare(card, text, attempt(block, x), x + norm(x), f"The other branch gives 0 here, so this is x + {name}(x).", section, signs):
            return False
    return True


def _not_the_exit(card: Card, kind: type, section: str) -> bool:
    triple, zero = linear(3 * torch.eye(3, dtype=torch.float64)), linear(torch.zeros(3, 3, dtype=torch.float64))
    block = made(card, kind, triple, zero, nn.LayerNorm(3), nn.LayerNorm(3), section=section)
    if block is None:
        return False
    x = drawn(2, 3)
    answer = attempt(block, x)
    if answer.problem:
        return card.check(False, "a branch that triples", "a tensor", answer.problem, answer.hint, section)
    added = rms(answer.value - x)
    hint = "Something rescales what the branch returns. The norm stands at its entry."
    return card.check(2.9 < added < 3.1, "a branch that triples adds three times as much", "RMS 3", f"RMS {added:.3g}", hint, section)


def _in_turn(card: Card, kind: type, section: str) -> bool:
    attention, feed_forward, first, second = Bent(4, 1), Bent(4, 2), norm_of(4, 3), norm_of(4, 4)
    block = made(card, kind, attention, feed_forward, first, second, section=section)
    if block is None:
        return False
    x = drawn(3, 4)
    h, other = x + attention(first(x)), x + feed_forward(second(x))
    signs = [
        (h + feed_forward(second(x)), "Both branches read the same x.", section),
        (other + attention(first(other)), "The feed-forward network comes first.", section),
        (x + feed_forward(second(h)), "What attention added is lost: the second addition is to x.", section),
    ]
    hint = "Attention first; the feed-forward network reads the stream to which attention has been added."
    return compare(card, "the two branches act one after the other", attempt(block, x), h + feed_forward(second(h)), hint, section, signs)


def refactored_block(kind: type) -> None:
    _a_block("RefactoredBlock", kind, ON_RESIDUAL, _silent_branches, _branch_reads, _not_the_exit, _in_turn)


def compact_block(kind: type) -> None:
    _a_block("CompactBlock", kind, SHARED, _silent_branches, _branch_reads, _not_the_exit, _in_turn)


def specified_block(kind: type) -> None:
    _a_block("SpecifiedBlock", kind, RES_POST, _not_the_exit, _silent_branches, _branch_reads, _in_turn)


def merge_heads(function: Callable) -> None:
    card = Card("merge_heads", CHAPTER)
    if present(card, function, "function", "def merge_heads(x):", TRANSPOSE):
        x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], dtype=torch.float64)
        expected = torch.tensor([[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]], dtype=torch.float64)
        signs = [
            (x.reshape(2, 4), "A row holds two tokens of one head: the memory was cut in its old order.", TRANSPOSE),
            (expected[:, [0, 2, 1, 3]], "The right token, but the heads' features are interleaved.", TRANSPOSE),
        ]
        text = "head 1 has the tokens (1, 2) and (3, 4), head 2 (5, 6) and (7, 8)"
        if compare(card, text, attempt(function, x), expected, "Row 1 is token 1: head 1's features, then head 2's.", TRANSPOSE, signs):
            single = drawn(2, 1, 4, 3)
            hint = "This is a batch of two. Before heads, tokens and features there may be any number of axes."
            compare(card, "one head is left as it is", attempt(function, single), single[:, 0], hint, TRANSPOSE)
            token = drawn(1, 2, 1, 3)
            hint = "An axis of length 1 stays an axis: `squeeze` would take away the batch's or the tokens'."
            compare(card, "a batch of one sequence of one token keeps its axes", attempt(function, token), token.reshape(1, 1, 6), hint, TRANSPOSE)
            several = drawn(3, 2, 4, 5)
            hint = "Before heads, tokens and features there may be any number of axes: count from the end, as in `transpose(-2, -3)`."
            one, alone = attempt(lambda t: function(t)[1], several), attempt(function, several[1])
            if isinstance(alone.value, torch.Tensor):
                compare(card, "in a batch each sequence gives what it gives alone", one, alone.value, hint, TRANSPOSE)
            learns(card, function, drawn(2, 3, 4), TRANSPOSE)
    card.show()


def attention_weights(function: Callable) -> None:
    card = Card("attention_weights", CHAPTER)
    if present(card, function, "function", "def attention_weights(scores):", MASK) and _sums(card, function):
        scores = drawn(4, 4)
        ahead = float(function(scores).triu(1).abs().max())
        hint = "No mask acts (`masked_fill` gives a new tensor, which has to be kept), or later scores became 0: exp(0) = 1."
        card.check(ahead < 1e-9, "weights above the diagonal are 0", 0, f"{ahead:.2g}", hint, MASK)
        other = scores + 5 * torch.ones(4, 4, dtype=torch.float64).triu(1)
        moved = float((function(scores) - function(other)).abs().max())
        hint = "Later scores must not matter at all, not even through the softmax's denominator."
        card.check(moved < 1e-9, "later scores have no say", "no change", f"a change of {moved:.2g}", hint, MASK)
        far = function(scores + 5000 * torch.ones(4, 4, dtype=torch.float64).triu(1))
        hint = "Masked weights divided by their sum are 0/0 where the future's scores are far higher."
        if card.check(bool(torch.isfinite(far).all()), "not even if they are 5000 higher", "finite weights", "NaN", hint, MASK):
            moved = float((function(scores) - far).abs().max())
            hint = "The mask is a fixed number that they reach, or it comes after the softmax. −∞ goes into the scores, before it."
            card.check(moved < 1e-9, "… and nothing changes with it", "no change", f"a change of {moved:.2g}", hint, MASK)
        even = 1 / torch.arange(1.0, 4.0, dtype=torch.float64)
        hint = "A score of 0 is a score like any other. Make the mask from the positions, j > i, not from the scores."
        text = "where all scores are 0, each token shares its weight evenly among those it sees"
        compare(card, text, attempt(function, torch.zeros(3, 3, dtype=torch.float64)), torch.ones(3, 3, dtype=torch.float64).tril() * even[:, None], hint, MASK)
        hint = "exp of a large score is infinite; `torch.softmax` subtracts each row's largest first."
        compare(card, "all scores 5000 higher give the same weights", attempt(function, scores + 5000), function(scores), hint, MASK)
        hint = "The mask is a number that these scores lie below, or exp leaves only zeros. Put −∞ there, before the softmax."
        compare(card, "… and so do all scores 20,000 lower", attempt(function, scores - 20000), function(scores), hint, MASK, atol=0.01)
        hint = "Queries and keys are the last two axes. The softmax runs over the keys: dim=-1."
        compare(card, "in a batch of heads each gives what it gives alone", attempt(lambda s: function(s)[1, 0], drawn(2, 3, 4, 4)), function(drawn(2, 3, 4, 4)[1, 0]), hint, MASK)
        learns(card, function, scores, MASK)
    card.show()


def _sums(card: Card, function: Callable) -> bool:
    answer = attempt(function, drawn(4, 4))
    if answer.problem or not isinstance(answer.value, torch.Tensor):
        found = answer.problem or describe(answer.value)
        return card.check(False, "gives weights", "a tensor", found, answer.hint, MASK)
    sums = answer.value.sum(-1)
    hint = "A row that sees less than everything still shares out a weight of 1."
    if sums.isnan().any():
        hint = "The first row sees nothing: keep the diagonal."
    return card.check(close(sums, torch.ones(4)), "every row adds up to 1", "1, 1, 1, 1", ", ".join(f"{v:.3g}" for v in sums.tolist()), hint, MASK)


def _norm(title: str, function: Callable, section: str, cases: list[tuple]) -> None:
    """cases: (text, x, ε, allowed error, hint)"""
    card = Card(title, CHAPTER)
    if present(card, function, "function", f"def {title}(x, gamma, beta, eps=1e-5):", section):
        for text, x, eps, allowed, hint in cases:
            d = x.shape[-1]
            gamma, beta = 1 + drawn(d, seed=1).abs(), drawn(d, seed=2)
            exact = x.double() - x.double().mean(-1, keepdim=True)
            exact = exact / (exact.pow(2).mean(-1, keepdim=True) + eps).sqrt() * gamma + beta
            given = () if eps == 1e-5 else (eps,)  # that is its default
            answer = attempt(function, x, gamma.to(x.dtype), beta.to(x.dtype), *given)
            if answer.problem or not isinstance(answer.value, torch.Tensor) or answer.value.shape != x.shape:
                found = answer.problem or describe(answer.value)
                card.check(False, text, f"a tensor of shape {tuple(x.shape)}", found, answer.hint, section)
                break
            error = float((answer.value.double() - exact).abs().max())
            good = error <= allowed  # NaN is not
            if not card.check(good, text, f"an error of at most {allowed:g}", f"{error:.3g}", hint, section):
                break
            if not card.check(answer.value.dtype == x.dtype, f"{x.dtype} in, {x.dtype} out".replace("torch.", ""), x.dtype, answer.value.dtype,
                              "Convert the result back: `.to(x.dtype)`.", section):  # fmt: skip
                break
        else:
            learns(card, lambda x: function(x, gamma[:6], beta[:6], 1e-5), drawn(3, 6), section)
    card.show()


def fast_layer_norm(function: Callable) -> None:
    far = (drawn(4, 64) + 1e4 * torch.tensor([[1.0], [-1.0], [-1.0], [1.0]])).float()
    hint = "Negative variances are only the visible part: clamped to 0, the others are as wrong. Subtract the mean before you square."
    _norm("fast_layer_norm", function, ONE_PASS, [
        ("ordinary tokens", drawn(3, 5), 1e-5, 1e-6, "It worked before; what has changed? ε is 1e-5 where it is not given."),
        ("ε = 0.1", drawn(3, 5), 0.1, 1e-6, "ε is an argument."),
        ("float32 tokens around 10,000 and −10,000", far, 1e-5, 0.1, hint),
    ])  # fmt: skip


def narrow_layer_norm(function: Callable) -> None:
    far = (drawn(4, 64) * 2 + 100).to(torch.bfloat16)
    hint = "A mean near 100 is kept to 0.5 in bfloat16. Convert x first, take statistics in float32."
    _norm("narrow_layer_norm", function, NARROW, [
        ("float64 tokens", drawn(3, 5), 1e-5, 1e-6, "It worked before; what has changed? ε is 1e-5 where it is not given."),
        ("ε = 0.1", drawn(3, 64), 0.1, 1e-6, "ε is an argument."),
        ("float32 tokens around 10,000", (drawn(4, 64) + 1e4).float(), 1e-5, 0.1, "It worked before. Subtract the mean before you square."),
        ("bfloat16 tokens around 100", far, 1e-5, 0.06, hint),
    ])  # fmt: skip


def fused_layer_norm(function: Callable) -> None:
    hint = "A lane of padding holds 0, which is far from the mean: how does it get into the variance? And by what are the sums divided?"
    _norm("fused_layer_norm", function, FUSING, [
        ("8 features", drawn(3, 8) + 2, 1e-5, 1e-6, "It worked before; what has changed? ε is 1e-5 where it is not given."),
        ("6 features", drawn(3, 6) + 2, 1e-5, 1e-6, hint),
        ("6 features, some of which are 0", (drawn(3, 6) + 2) * (drawn(3, 6, seed=4) > 0), 1e-5, 1e-6, "A feature may be 0. Padding is told by its place."),
        ("ε = 0.1, 100 features", drawn(3, 100) - 1, 0.1, 1e-6, "ε is an argument; d is the number of features."),
        ("float32 tokens around 10,000", (drawn(4, 64) + 1e4).float(), 1e-5, 0.1, "It worked before. Subtract the mean before you square."),
    ])  # fmt: skip


def token_norm(kind: type) -> None:
    card = Card("TokenNorm", CHAPTER)
    if present(card, kind, "class", "class TokenNorm(nn.Module):", EVALUATION):
        norm = made(card, kind, 4, section=EVALUATION)
        if norm is not None:
            x = drawn(3, 4) * 3 + 2
            exact = nn.functional.layer_norm(x, (4,))
            signs = [(nn.functional.layer_norm(x.T, (3,)).T, "These statistics run over the tokens, feature by feature. Each token has its own.", EVALUATION)]
            attempt(norm.train(), drawn(5, 4, seed=3) - 1)  # other tokens: nothing of them may stay
            for mode, text in ((norm.train, "training"), (norm.eval, "evaluation")):
                mode()
                hint = "One rule for both modes: each token by its own features. Nothing is remembered."
                compare(card, f"in {text} each token has mean 0 and spread 1", attempt(norm, x), exact, hint, EVALUATION, signs)
            small = 0.01 * x
            hint = "ε belongs to the variance, under the root: √(variance + ε). It is 1e-5 where it is not given."
            compare(card, "a token of small spread, where ε counts", attempt(norm, small), nn.functional.layer_norm(small, (4,)), hint, EVALUATION)
            wide = made(card, kind, 4, 0.5, section=EVALUATION)
            if wide is not None:
                hint = "ε is an argument, `TokenNorm(d, eps)`; a fixed one stands in its place."
                compare(card, "ε = 0.5", attempt(wide, x), nn.functional.layer_norm(x, (4,), eps=0.5), hint, EVALUATION)
            parameters = dict(norm.named_parameters())
            hint = "γ and β stay, in both modes, as the module's own `weight` and `bias`: the checkpoint finds them by these names."
            if card.check({"weight", "bias"} <= parameters.keys(), "γ and β are still parameters", "weight and bias", set(parameters), hint, EVALUATION):
                hint = "γ and β stay, in both modes."
                plain = attempt(norm, x).value
                with torch.no_grad():
                    parameters["weight"].fill_(2.0)
                    parameters["bias"].fill_(1.0)
                if isinstance(plain, torch.Tensor):  # judged by itself: x̂ may be wrong above
                    compare(card, "with γ = 2 and β = 1 it is twice that, plus 1", attempt(norm, x), 2 * plain + 1, hint, EVALUATION)
            learns(card, norm.eval(), x, EVALUATION)
    card.show()


def weight_decays(function: Callable) -> None:
    card = Card("weight_decays", CHAPTER)
    if present(card, function, "function", "def weight_decays(shapes, decay):", DECAY):
        shapes = {"w_q": [4, 4], "norm1.weight": [4], "norm1.bias": [4], "up.bias": [16], "gain": [4], "normaliser.map": [4, 4], "kernel": [4, 4, 3, 3], "value_head.weight": [1, 16]}
        expected = {"w_q": 0.1, "norm1.weight": 0.0, "norm1.bias": 0.0, "up.bias": 0.0, "gain": 0.0, "normaliser.map": 0.1, "kernel": 0.1, "value_head.weight": 0.1}
        answer = attempt(function, dict(shapes), 0.1)
        if answer.problem or not isinstance(answer.value, dict):
            card.check(False, "gives a dict", "{name: decay}", answer.problem or describe(answer.value), answer.hint, DECAY)
        else:
            for name, right in expected.items():
                kind = "vector" if not right else "matrix" if len(shapes[name]) == 2 else "weight with more axes"
                found = answer.value.get(name)
                hint = "What tells them apart is the shape, not the name: vectors (gains, biases) 0, matrices `decay`."
                card.check(found == right, f"`{name}` of shape {tuple(shapes[name])}, a {kind}", right, found, hint, DECAY)
    card.show()


def quiz(causes: object) -> None:
    letters(causes, CHAPTER, 11, "causes")


def reveal_clamp(prediction: object) -> None:
    """Count the tokens that a clamped one-pass variance gets right, beside what was predicted."""
    card = Card("Prediction: the clamp", CHAPTER)
    if prediction is None:
        card.note("Write your prediction into the cell above first, run it, then run this one.")
    else:
        x = (drawn(64, 64) + 1e4).float()
        mean = x.mean(-1, keepdim=True)
        variance = ((x * x).mean(-1, keepdim=True) - mean * mean).clamp(min=0)
        found = (x - mean) * torch.rsqrt(variance + 1e-5)
        exact = nn.functional.layer_norm(x.double(), (64,))
        right = int(((found - exact).abs().amax(-1) < 0.1).sum())
        steps = sorted(set(variance.flatten().tolist()))
        card.note(f"You predicted {prediction}. Of 64 tokens {right} come out right.")
        card.note(f"The variances, all about 1, came out as {', '.join(f'{v:g}' for v in steps)}: near 10⁸ float32 counts in steps of 8. "
                  "The clamp removes the NaN, and with it the only sign that something is wrong.")  # fmt: skip
    card.show()
