"""Hidden side of ``5_prenorm_block``: references, cases, tolerances, checks and misconceptions.

Partial credit. Every exercise stands alone: the block gets its attention, its feed-forward network and its
norms from us, and the stack its blocks, so that a wrong attention costs nothing further on. Those parts are
modules of the course (``torch_side.STOCK``) with weights drawn here: a causal mean followed by a linear map
for attention, tanh of a linear map for the feed-forward network. Neither keeps the mean or the scale of what
it gets, or placements could not be told apart.

Tolerances. Everything runs in float64, where two ways to compute the same differ by 1e-12; allowed: 1e-6.
Constants that a student makes in float32 (a mask, a scale) leave 1e-7. GELU is allowed in its tanh form, which
is up to 5e-4 from the exact one, times weights: 5e-3. References of gradients are central differences of the
forward pass, good to 1e-8. In float32, scores of ten thousands are rounded by some 1e-3; where two of them are that
close, an output of about 100 is off by up to 0.02. Allowed: 0.3 + 1 %.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from autograder.block_parts import (
    COUNT,
    GRADIENT,
    OUTPUT,
    OUTPUTS,
    InTraining,
    answer,
    bent,
    case,
    causal_mean,
    drawn,
    gain,
    gelu,
    judged_by,
    layer_norm,
    matrix,
    merge,
    merge_by_rows,
    normalised_first_residual,
    normalised_residual_block,
    normalised_second_residual,
    post_norm_block,
    pre_norm_block,
    res_post_block,
    sent,
    softmax,
    stock_map,
    stock_norm,
    stream,
    suspects,
)
from autograder.exercise import Case, Check, Exercise, Misconception, Question, Quiz, Topic
from autograder.misconceptions import common, in_section, named, random_acts
from autograder.second_call import SecondCall, once_only, run, second_call
from autograder.student import Reply, Rules, Student
from autograder.student_side import wire

# misconceptions -------------------------------------------------------------------------------

GRAPH_CUT = Misconception(
    "graph-cut",
    "The values are right, the gradient is not: somewhere `.detach()`, `.data`, `torch.no_grad()` or a way through NumPy "
    "cuts the graph, so that a path no longer learns.",
    "gradients-by-depth",
)
SAVED_IN_PLACE = Misconception(
    "saved-in-place",
    "An operation in place (`+=`, `-=`, `exp_()`) overwrites numbers that the gradient still needs. Make a new tensor: `x = x + …`.",
    "gradients-by-depth",
)
NORM_INSIDE = Misconception(
    "norm-inside",
    "Something is normalised inside: x, what is computed of it, or the result. The norm belongs to the block, which decides where it stands.",
    "pre-norm",
)
NORM_REPLACED = Misconception(
    "norm-replaced",
    "A LayerNorm without γ and β stands where the norms that were given belong. Call the modules themselves: they bring their own weights.",
    "block-spec",
)
NOT_REGISTERED = Misconception(
    "not-registered",
    "The module computes the right thing, but `parameters()` does not list its parts, so that an optimiser would never "
    "train them. Parts in a plain Python list are not seen: assign them as attributes, or use `nn.ModuleList`.",
    "block-spec",
)

ATTENTION_MISCONCEPTIONS = (
    common("causal-attention")
    | named(random_acts("causal-attention"), GRAPH_CUT, SAVED_IN_PLACE, NORM_INSIDE)
    | in_section(
        "split-heads",
        {
            "view-of-scattered": "`.view` needs the numbers side by side in memory, and after the axes were exchanged they are "
            "not. `.reshape` copies where it must.",
            "features-interleaved": "The features were cut as (d_h, heads), so that a head gets every heads-th column. Head h "
            "gets d_h columns side by side, h·d_h to (h + 1)·d_h: `reshape(…, m, heads, d_h)`.",
            "heads-not-transposed": "The heads were split by a reshape alone. `reshape(…, heads, m, d_h)` cuts the rows apart "
            "and mixes tokens; split the features, `reshape(…, m, heads, d_h)`, and then exchange the axes.",
            "merge-not-transposed": "The heads were put together by a reshape alone. From (…, heads, m, d_h) exchange the axes "
            "back to (…, m, heads, d_h) first, then reshape to (…, m, d).",
            "heads-ignored": "There is one attention over all features, whatever `heads` says. Each head has scores and a "
            "softmax of its own.",
            "heads-and-width-exchanged": "There are d_h heads, each `heads` columns wide: the two numbers are exchanged. "
            "`torch.split(t, n, -1)` cuts pieces of n columns, `torch.chunk(t, n, -1)` cuts n pieces; a reshape takes (…, m, "
            "heads, d_h).",
            "split-before-projection": "The features are cut into heads before the weights are applied, so that a head sees its "
            "own part of x alone. Each head reads all d features: x @ w first, then cut what comes out.",
            "heads-not-merged": "The heads still stand on an axis of their own. Bring them side by side again, (…, m, d), and "
            "multiply by w_o.",
            "output-map-missing": "The heads' results are not multiplied by w_o, which mixes what the heads found.",
        },
    )
    | in_section(
        "causal-mask",
        {
            "number-too-large": "The number in the place of −∞ is too large for the dtype: float32 ends at 3.4e38, float16 at "
            "65,504. Write `float(\"-inf\")`, which every dtype has.",
            "mask-sign": "Later tokens get +∞ or a large positive number, and so all the weight (∞ itself ends in NaN). Their "
            "scores get −∞, and before the softmax: −∞ among the weights ends in NaN as well.",
            "mask-by-value": "Scores are masked because they are 0, as in `scores.tril() == 0`. A query and a key at a right "
            "angle have a score of 0 too. Make the mask from the positions, j > i, not from the scores.",
            "maximum-of-others": "Scores that a query must not see get into its softmax before they are struck out: as the "
            "largest score, which is subtracted, or as an exp, which overflows. Where they are far larger, what is left is 0/0 "
            "or ∞ · 0, so NaN. Put −∞ into the scores first, then take each row's maximum.",
            "mask-missing": "Every token sees every other, those after it too. Set the scores of later positions to −∞ before "
            "the softmax. `masked_fill` gives a new tensor, which has to be kept: `scores = scores.masked_fill(…)`.",
            "mask-after-softmax": "The mask comes after the softmax. The weights that are left then add up to less than 1, and "
            "they still depend on the future through the softmax's denominator. Put −∞ into the scores first.",
            "mask-by-zero": "Scores of later tokens are set to 0, or to another number that is not low enough, and not to −∞. "
            "exp(0) is 1, so those tokens keep a share of the weight.",
            "mask-reversed": "The mask stands the wrong way round: a token sees what comes after it and nothing before it. Row i "
            "keeps the columns j ≤ i.",
            "mask-excludes-self": "A token does not see itself, and the first one sees nothing at all: a softmax of nothing but "
            "−∞ is NaN. Row i keeps the columns j ≤ i, with j = i.",
            "mask-one-late": "The mask begins one column late: a token sees the one after it. Row i keeps the columns j ≤ i; "
            "with `torch.triu` the future is `diagonal=1`.",
            "infinity-times-zero": "Everything is NaN. Where a mask of 0 and 1 is multiplied by −∞, 0 · ∞ is NaN: set −∞ with "
            "`masked_fill` or `torch.where`, or begin with a matrix of −∞ and take its `triu`.",
        },
    )
    | in_section(
        "causal-attention",
        {
            "softmax-missing": "The weights are no softmax of the scores. Those of one query are positive and add up to 1: exp "
            "of each score, divided by the sum over the keys.",
            "softmax-axis": "The softmax, or the maximum or the sum in it, runs over the queries, the heads or the batch. The "
            "weights of one query add up to 1, so it runs over the keys: the last axis.",
            "keepdims-missing": "In the softmax a maximum or a sum lost its axis, so it is lined up with the keys: mostly an "
            "error, and silently wrong when the sizes agree. Reduce with `keepdim=True`.",
            "weights-turned": "The weights stand transposed where they meet the values: each token hands its value out, where it "
            "should collect. Output i is the sum over j of weight[i, j] · v[j]: `weights @ v`.",
            "wrong-projection": "Of q, k and v some are x itself, or made with the weights of another. Each has weights of its "
            "own: q = x @ w_q, k = x @ w_k and v = x @ w_v.",
            "scores-transposed": "The scores are keys by queries. Row i belongs to query i: q @ kᵀ.",
            "naive-softmax": "With large scores exp overflows: the result is NaN, or wrong where a clamp or `nan_to_num` hides "
            "that. Subtract the row's largest score first, or use `torch.softmax`.",
        },
    )
    | in_section(
        "attention-scale",
        {
            "scale-missing": "The scores are not divided by √d_h. Their spread then grows with the width of a head, and the "
            "softmax saturates.",
            "scale-multiplied": "The scores are multiplied by √d_h. They are divided by it, or multiplied by d_h ** -0.5, so "
            "that their spread does not depend on the width of a head.",
            "scale-by-width": "The scores are divided by √d. What adds up in one score is a head's d_h = d/heads products, so it "
            "is √d_h; with one head the two agree.",
            "scale-without-root": "The scores are divided by d_h. The spread of a sum of d_h products grows like √d_h: divide by "
            "the root.",
            "scale-by-count": "The scores are divided by the root of another number: of the heads, or of the tokens. What adds "
            "up in one score is a head's d_h = d/heads products, so it is √d_h.",
            "scale-after-softmax": "√d_h divides the weights, or what comes of them, and not the scores. The weights of a query "
            "then add up to less than 1: divide before the softmax.",
            "half-not-root": "The scores are divided by 2·d_h or by d_h/2, as `** 1/2` does: Python takes the power before it "
            "divides. Write `** 0.5`, `** (1/2)` or `math.sqrt`.",
        },
    )
    | in_section(
        "shapes-m-by-d",
        {
            "weights-transposed": "The weights are used transposed. The contract has x @ w; `nn.functional.linear(x, w)` is x @ "
            "w.T.",
            "only-3d": "It works for (batch, m, d) only. Tokens and features are the last two axes; before them there may be any "
            "number, and none at all.",
        },
    )
    | in_section(
        "residual-stream",
        {
            "residual-inside": "x is added to the result. The residual belongs to the block, which decides where the norm goes.",
        },
    )
)

FEED_FORWARD_MISCONCEPTIONS = (
    common("feed-forward")
    | named(random_acts("feed-forward"), once_only("feed-forward"), GRAPH_CUT, SAVED_IN_PLACE, NORM_INSIDE)
    | in_section(
        "feed-forward",
        {
            "parts-renamed": "The two maps are called `up` and `down`, and are attributes of the module itself, so that their "
            "weights can be set from outside: `self.up = nn.Linear(d, hidden)`, `self.down = nn.Linear(hidden, d)`.",
            "activation-missing": "There is no GELU between the two linear maps, so together they are one linear map and the "
            "hidden width buys nothing.",
            "activation-last": "GELU comes after the second map. It belongs between the two; what the network adds to the stream "
            "has no bound below.",
            "activation-first": "GELU comes before the first map. It belongs between the two.",
            "relu-for-gelu": "This is ReLU. The contract has GELU, which lets small negative values through.",
            "gelu-wrong": "Between the two maps stands a function that is not GELU. GELU is h · Φ(h) = h · (1 + erf(h/√2)) / 2; "
            "`F.gelu` has it.",
            "down-missing": "The second map is missing: what comes back has the hidden width. `down` brings it back to d, the "
            "stream's width.",
            "bias-missing": "A map has no bias, or was applied without it: h @ weight.T + bias, or call the `nn.Linear` itself.",
            "hidden-fixed": "The hidden width is always 4·d. It is an argument: `nn.Linear(d, hidden)`.",
        },
    )
    | in_section(
        "shapes-m-by-d",
        {
            "shape-lost": "The result keeps the shape (tokens, d) that x was reshaped to. Bring it back to x's: "
            "`.reshape(x.shape)`. A linear map takes any number of axes before the last, so no reshape is needed.",
        },
    )
    | in_section(
        "residual-stream",
        {
            "residual-inside": "x is added to the result. The residual belongs to the block, which decides where the norm goes.",
        },
    )
)

BLOCK_MISCONCEPTIONS = (
    common("pre-norm")
    | named(random_acts("pre-norm"), once_only("pre-norm"), GRAPH_CUT, SAVED_IN_PLACE, NOT_REGISTERED, NORM_REPLACED)
    | in_section(
        "residual-stream",
        {
            "one-residual": "There is one addition for both sub-layers, x + F(LN(attention(LN(x)))). Each has its own: first h = "
            "x + attention(norm1(x)), then h + feed_forward(norm2(h)).",
            "branch-scaled": "What a sub-layer computes is multiplied by a number before it is added. It is added as it is: x + "
            "F(LN(x)).",
            "normalised-stream": "The stream itself is normalised on its way, here by both norms. A norm stands on a branch, x + "
            "F(LN(x)), and the stream is only added to.",
            "normalised-residual": "The residual is taken from the normalised stream, LN(x) + F(LN(x)). Add to x itself, or "
            "every block erases the scale of the stream.",
            "residual-missing": "A sub-layer's result replaces the stream where it should be added to it.",
            "residual-twice": "The block's input is added once more to a stream that holds it already: y = h + F(LN(h)), where h "
            "= x + attention(…).",
            "branch-reads-branch": "The feed-forward network reads what attention computed, not the stream that it was added to: "
            "F(LN(h)) with h = x + attention(…).",
            "branch-subtracted": "What a sub-layer computes is subtracted from the stream. It is added: x + F(LN(x)).",
            "residual-disturbed": "The residual path is scaled, or dropout acts on it. Dropout may act on what a branch adds; "
            "the stream itself passes through as it is, in training too.",
            "residual-from-input": "The second residual starts again from the block's input, so that what attention added is "
            "lost from the stream.",
        },
    )
    | in_section(
        "shapes-m-by-d",
        {
            "first-of-output": "`[0]`, or `out, _ = …`, takes the first sequence of the batch. Some libraries' attention returns "
            "a tuple; the parts here return the tensor itself.",
        },
    )
    | in_section(
        "pre-norm",
        {
            "post-norm-for-pre-norm": "This is post-norm, LN(x + F(x)): the norm stands on the stream, after the addition. In "
            "pre-norm it stands at the entry of the branch, x + F(LN(x)), and nothing touches the stream.",
            "shared-norm": "One norm serves both sub-layers. Each has a γ and a β of its own: norm1 before attention, norm2 "
            "before the feed-forward network.",
            "norms-exchanged": "norm1 and norm2 are exchanged: norm1 stands before attention.",
            "norm-missing": "One of the two sub-layers reads the stream without its norm.",
            "both-ends": "Each branch is normalised at its entry and at its exit. In pre-norm there is one norm, at the entry: x "
            "+ F(LN(x)).",
            "sublayer-missing": "Attention or the feed-forward network has no part in the result. The block has both, each on a "
            "branch of its own.",
            "parallel-branches": "Both sub-layers read the same x. The feed-forward network reads the stream after attention has "
            "been added to it.",
            "order-exchanged": "The feed-forward network comes before attention. Attention is first.",
        },
    )
    | in_section(
        "res-post",
        {
            "res-post-for-pre-norm": "This is res-post, x + LN(F(x)): the norm stands at the exit of the branch. In pre-norm it "
            "stands at its entry. Some texts call this one pre-norm; the course does not.",
        },
    )
    | in_section(
        "block-spec",
        {
            "arguments-exchanged": "The parts are taken in another order than they are given: (attention, feed_forward, norm1, "
            "norm2).",
        },
    )
    | in_section(
        "final-norm",
        {
            "final-norm-in-block": "The block normalises the stream once more at its end. That norm belongs after the last block "
            "only.",
        },
    )
)

TRANSFORMER_MISCONCEPTIONS = (
    common("final-norm")
    | named(random_acts("final-norm"), once_only("final-norm"), GRAPH_CUT, SAVED_IN_PLACE, NOT_REGISTERED, NORM_REPLACED)
    | in_section(
        "final-norm",
        {
            "module-list-called": "`nn.ModuleList` only keeps the blocks; it can't be called. Go through it, `for block in "
            "self.blocks: x = block(x)`, or use `nn.Sequential(*blocks)`.",
            "final-norm-twice": "The final norm is applied twice at the end, perhaps once in the stack and once after it. With γ "
            "and β of its own, a second time changes the result.",
            "blocks-side-by-side": "Every block reads the input, and what they give is summed. They run one after another: x = "
            "block(x).",
            "final-norm-missing": "The stream leaves without the final norm. In pre-norm nothing inside the blocks normalises "
            "the stream itself, so its scale at the end depends on the depth.",
            "norm-first": "The norm stands before the blocks. It is a final norm: after the last one.",
            "norm-after-every-block": "The final norm is applied after every block, which puts it on the residual stream at each "
            "step. Apply it once, after the last block.",
            "return-in-loop": "`return` stands inside the loop, which therefore ends after the first block. Indent it no further "
            "than the `for`.",
            "norm-before-every-block": "The final norm is applied before every block, which erases what the stream has gathered. "
            "Each block has norms of its own; this one comes once, after the last.",
            "same-block-repeated": "The same block runs every time. Run each of `blocks` once, in order.",
            "blocks-reversed": "The blocks run from the last to the first.",
            "blocks-not-chained": "Every block reads the input anew, or what it gives is dropped. Each reads what the one before "
            "it gave: x = block(x).",
            "block-skipped": "A block at one end of the list does not run.",
            "needs-blocks": "It fails where the list of blocks is empty or has one entry. With none the result is the norm of x.",
        },
    )
    | in_section(
        "residual-stream",
        {
            "residual-around-blocks": "x is added around each block, or around all of them, or after the norm. A block already "
            "adds to the stream inside.",
        },
    )
)

SUBLAYER_MISCONCEPTIONS = (
    common("placements")
    | named(random_acts("placements"), GRAPH_CUT)
    | in_section(
        "deepnorm-placement",
        {
            "alpha-everywhere": "α multiplies the stream in this placement too. Only DeepNorm has it; in the others the stream "
            "passes as it is, whatever `alpha` says.",
            "alpha-ignored": "DeepNorm's α has no part in the result, or multiplies stream and branch alike, which the norm "
            "takes away again. It enlarges the stream before the addition: LN(α·x + F(x)).",
            "alpha-outside": "α multiplies what the norm returns, or what stands beside it. DeepNorm enlarges the stream inside "
            "the norm: LN(α·x + F(x)).",
            "alpha-on-branch": "α multiplies the branch, or divides the stream. DeepNorm enlarges the stream, so that each "
            "branch counts for less: LN(α·x + F(x)).",
            "deepnorm-as-pre-norm": "DeepNorm's branch reads a normalised stream, as in pre-norm. It is a post-norm: LN(α·x + "
            "F(x)), and the branch reads x.",
        },
    )
    | in_section(
        "res-post",
        {
            "post-norm-for-res-post": "Res-post is wired as post-norm. Here the norm stands on the branch, at its exit, and the "
            "stream is added after it: x + LN(F(x)).",
            "res-post-for-pre-norm": "Pre-norm is wired as res-post, x + LN(F(x)). Some texts call that pre-norm; the course, "
            "with GPT-2 and LLaMA, means x + F(LN(x)).",
            "pre-norm-for-res-post": "Res-post is wired as pre-norm. Here the norm stands at the exit of the branch: x + "
            "LN(F(x)).",
        },
    )
    | in_section(
        "pre-norm",
        {
            "post-norm-for-pre-norm": "Pre-norm is wired as post-norm, LN(x + F(x)). In pre-norm the norm stands at the entry of "
            "the branch: x + F(LN(x)).",
        },
    )
    | in_section(
        "post-norm",
        {
            "pre-norm-for-post-norm": "Post-norm is wired as pre-norm. Here the norm comes after the addition, on the stream: "
            "LN(x + F(x)).",
            "res-post-for-post-norm": "Post-norm is wired as res-post, x + LN(F(x)). Here the norm comes after the addition, on "
            "the stream: LN(x + F(x)).",
        },
    )
    | in_section(
        "residual-stream",
        {
            "normalised-residual": "What is added to is a normalised stream, as in LN(x) + F(…). Add to x itself.",
            "residual-missing": "The branch's result replaces the stream. Every placement adds it, “none” too: x + F(x).",
            "branch-subtracted": "What the branch computes is subtracted from the stream. Every placement adds it.",
        },
    )
    | in_section(
        "sandwich-norm",
        {
            "one-norm-in-sandwich": "One norm of the sandwich is missing, or stands twice. There is one at the entry of the "
            "branch and another, `output_norm`, at its exit.",
            "sandwich-norms-exchanged": "The two norms of the sandwich are exchanged: `norm` stands at the entry, `output_norm` "
            "at the exit.",
            "sandwich-on-stream": "The sandwich's `output_norm` stands on the stream, after the addition. It stands at the exit "
            "of the branch: x + output_norm(F(norm(x))).",
        },
    )
    | in_section(
        "placements",
        {
            "fails-with-defaults": "It goes wrong where `output_norm` and `alpha` are left out. Keep the defaults, "
            "`output_norm=None` and `alpha=1.0`. Only the sandwich has an `output_norm`: compute the placement that is asked "
            "for, and none of the others.",
            "norm-missing": "No norm has a part in this placement. All but “none” have one: at the entry or the exit of the "
            "branch, or after the addition.",
            "branch-missing": "The branch has no part in the result. Every placement runs it, “none” too: that one lacks the "
            "norm, not the branch.",
            "normalised-without-norm": "In “none” a norm has a part. It is the placement without one: x + F(x).",
        },
    )
)

# causal_self_attention ------------------------------------------------------------------------


def split(x: np.ndarray, heads: int) -> np.ndarray:
    """(..., m, d) → (..., heads, m, d_h)"""
    *lead, m, d = x.shape
    return np.swapaxes(x.reshape(*lead, m, heads, d // heads), -2, -3)


def split_by_rows(x: np.ndarray, heads: int) -> np.ndarray:
    *lead, m, d = x.shape
    return x.reshape(*lead, heads, m, d // heads)


def masked_scores(allowed: Callable, value: float = -np.inf):
    """Return what turns scores into weights with a mask before the softmax. allowed: m → (m, m) of booleans."""

    def weights(scores: np.ndarray) -> np.ndarray:
        return softmax(np.where(allowed(scores.shape[-1]), scores, value))

    return weights


def earlier(m: int) -> np.ndarray:
    return np.tri(m, dtype=bool)


def attend(
    weights: Callable = masked_scores(earlier),
    scale: Callable = lambda d, d_h: d_h**-0.5,
    cut: Callable = split,
    join: Callable = merge,
    scores: Callable = lambda q, k: q @ np.swapaxes(k, -1, -2),
    one_head: bool = False,
    scaled_late: bool = False,
):
    """Return causal attention, or what a wrong part makes of it."""

    def forward(x, w_q, w_k, w_v, w_o, heads):
        heads = 1 if one_head else heads
        q, k, v = (cut(x @ w, heads) for w in (w_q, w_k, w_v))
        found = weights(scores(q, k) * scale(x.shape[-1], q.shape[-1])) @ v / (q.shape[-1] ** 0.5 if scaled_late else 1.0)
        return join(found) @ w_o

    return forward


def prefix_of(forward: Callable) -> Callable:
    """The forward pass, of which only the first ``rows`` tokens count."""

    def shortened(*inputs, heads, rows=None):
        return forward(*inputs, heads)[..., :rows, :]

    return shortened


def invoke_attention(student: Student, case: Case) -> Reply:
    *inputs, dy = case.args
    x, *weights = inputs
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    args = [sent(x, dy is not None), *(sent(w) for w in weights), case.kwargs["heads"]]
    reply = answer(student.torch("causal_self_attention", args, **upstream))
    rows = case.kwargs.get("rows")
    if reply.problem or rows is None or not isinstance(reply.value[0], wire.Tensor):
        return reply
    output = reply.value[0]
    kept = wire.Tensor(np.ascontiguousarray(output.raw[..., :rows, :]), output.dtype) if output.raw.ndim > 1 else output
    return Reply((kept, *reply.value[1:]), changed=reply.changed, warnings=reply.warnings)


def attention_case(rng, shape, heads, kind="", x=None, gradient=False, rows=None, dtype="float64", **more) -> Case:
    d = shape[-1]
    x = drawn(rng, *shape) if x is None else x
    weights = [1.5 * matrix(rng, d).T for _ in range(2)] + [matrix(rng, d).T for _ in range(2)]
    args = [a.astype(dtype) for a in (x, *weights)] + [drawn(rng, *shape) if gradient else None]
    kwargs = {"heads": heads} | ({} if rows is None else {"rows": rows})
    words = f"x of shape {shape}, {heads} head{'s' * (heads > 1)}{kind}"
    return case(tuple(args), words, GRADIENT if gradient else OUTPUT, kwargs=kwargs, **more)


def one_head(rng):
    x = np.array([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])  # a batch of one: whether a single sequence works too is `any_rank`'s to ask
    eye = np.eye(2)
    shown = case((x, eye, eye, x[0, 1:], eye, None), "the worked example, 1 head", kwargs={"heads": 1}, public=True)
    return [shown, attention_case(rng, (2, 5, 4), 1), attention_case(rng, (1, 3, 7), 1)]


def several_heads(rng):
    x, eye = np.array([[[1.0, 0.0, 1.0, 2.0], [1.0, 2.0, 0.0, 1.0]]]), np.eye(4)
    shown = case((x, eye, eye, eye, eye[::-1], None), "an example, 2 heads", kwargs={"heads": 2}, public=True)
    return [shown] + [attention_case(rng, shape, heads) for shape, heads in (((2, 5, 6), 2), ((1, 4, 6), 3), ((2, 3, 8), 4), ((2, 6, 5), 5))]


def far_future(rng):
    out = [attention_case(rng, (2, 6, 6), 2)]
    for shape, heads, rows in (((2, 6, 6), 2, 3), ((1, 5, 4), 1, 2)):
        x = drawn(rng, *shape)
        x[..., rows:, :] *= 1000.0
        kind = f", the first {rows} tokens before others a thousand times as large"
        out.append(attention_case(rng, shape, heads, kind, x=x, rows=rows))
    return out


def large_scores(rng):
    shapes = ((2, 4, 6), (1, 5, 4))
    out = [attention_case(rng, shape, 2, control=True) for shape in shapes]
    for shape in shapes:
        x = drawn(rng, *shape) * 60
        out.append(attention_case(rng, shape, 2, " and scores of thousands in float32", x=x, dtype="float32", atol=0.3, rtol=1e-2))
    return out


def any_rank(rng):
    shapes = [(5, 6), (1, 6), (2, 3, 4, 6), (2, 1, 2, 3, 6)]
    return [attention_case(rng, (2, 5, 6), 2, control=True)] + [attention_case(rng, shape, 2) for shape in shapes]


def attention_gradient(rng):
    out = [attention_case(rng, (1, 4, 6), 2, control=True)]
    return out + [attention_case(rng, shape, heads, gradient=True) for shape, heads in (((1, 4, 6), 2), ((2, 3, 4), 1))]


def attention_untouched(rng):
    return [attention_case(rng, shape, 2, may_change=False) for shape in ((2, 4, 6), (1, 5, 4))]


def weights_after(scores: np.ndarray) -> np.ndarray:
    return softmax(scores) * earlier(scores.shape[-1])


def over_queries(scores: np.ndarray) -> np.ndarray:
    masked = np.where(earlier(scores.shape[-1]), scores, -np.inf)
    return softmax(masked, axis=-2)


def not_divided(scores: np.ndarray) -> np.ndarray:
    """exp of the scores, not divided by its sum."""
    masked = np.where(earlier(scores.shape[-1]), scores, -np.inf)
    return np.exp(masked - masked.max(-1, keepdims=True))


def losing_an_axis(scores: np.ndarray) -> np.ndarray:
    weights = not_divided(scores)
    return weights / weights.sum(-1)


def another_maximum(scores: np.ndarray) -> np.ndarray:
    masked = np.where(earlier(scores.shape[-1]), scores, -1e30)
    weights = np.exp(masked - masked.max(-2, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def over_axis(axis: int) -> Callable:
    return lambda scores: softmax(np.where(earlier(scores.shape[-1]), scores, -np.inf), axis=axis)


def masked_late(scores: np.ndarray) -> np.ndarray:
    """The mask comes after the largest score of each row was subtracted, a later one perhaps."""
    left = np.tril(np.exp(scores - scores.max(-1, keepdims=True)))
    return left / left.sum(-1, keepdims=True)


def maximum_over(axes: tuple | None) -> Callable:
    def weights(scores: np.ndarray) -> np.ndarray:
        masked = np.where(earlier(scores.shape[-1]), scores, -np.inf)
        left = np.exp(masked - masked.max(axes, keepdims=True))
        return left / left.sum(-1, keepdims=True)

    return weights


def overflowing(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(np.where(earlier(scores.shape[-1]), scores, -np.inf))
    return weights / weights.sum(-1, keepdims=True)


# Where exp overflows, or leaves nothing but 0, depends on the dtype.
IN_OWN_DTYPE = [("naive-softmax", overflowing)]
IN_OWN_DTYPE += [("maximum-of-others", weights) for weights in (masked_late, maximum_over((-2, -1)), maximum_over(None))]


def one_attention(x, w_q, w_k, w_v, w_o, heads):
    """All features in one softmax, although the scores are divided by a head's root."""
    return attend(scale=lambda d, d_h: (d // heads) ** -0.5)(x, w_q, w_k, w_v, w_o, 1)


def cut_before(x, w_q, w_k, w_v, w_o, heads):
    """A head's part of x meets its part of the weights alone."""
    own = np.kron(np.eye(heads), np.ones((x.shape[-1] // heads,) * 2))
    return attend()(x, w_q * own, w_k * own, w_v * own, w_o, heads)


def not_merged(turned: bool) -> Callable:
    def forward(x, w_q, w_k, w_v, w_o, heads):
        found = attend(join=lambda t: t)(x, w_q, w_k, w_v, np.eye(x.shape[-1] // heads), heads)
        return np.swapaxes(found, -2, -3) if turned else found

    return forward


def projected(choose: Callable):
    """Attention with other weights for q, k and v. choose: (w_q, w_k, w_v, 1) → the three that are used."""

    def forward(x, w_q, w_k, w_v, w_o, heads):
        return attend()(x, *choose(w_q, w_k, w_v, np.eye(x.shape[-1])), w_o, heads)

    return forward


def split_interleaved(x: np.ndarray, heads: int) -> np.ndarray:
    *lead, m, d = x.shape
    return np.moveaxis(x.reshape(*lead, m, d // heads, heads), -1, -3)


def merge_interleaved(x: np.ndarray) -> np.ndarray:
    *lead, heads, m, d_h = x.shape
    return np.moveaxis(x, -3, -1).reshape(*lead, m, heads * d_h)


def scaled_by_tokens(x, *weights):
    return attend(scale=lambda d, d_h: x.shape[-2] ** -0.5)(x, *weights)


# With large scores they give NaN, as an overflow does: they must agree where the student's attention is right, too.
SOFTMAXES = [
    ("mask-sign", attend(masked_scores(earlier, np.inf))),
    ("mask-sign", attend(lambda s: np.where(earlier(s.shape[-1]), softmax(s), -np.inf))),
    ("softmax-missing", attend(lambda s: np.where(earlier(s.shape[-1]), s, -np.inf))),
    ("softmax-missing", attend(lambda s: np.where(earlier(s.shape[-1]), s, 0.0))),
    ("softmax-missing", attend(not_divided)),
    ("softmax-missing", attend(lambda s: not_divided(s) / not_divided(s).mean(-1, keepdims=True))),
    ("softmax-missing", attend(lambda s: np.where(earlier(s.shape[-1]), np.exp(s), 0.0))),
    ("softmax-axis", attend(lambda s: not_divided(s) / not_divided(s).sum(-2, keepdims=True))),
    ("softmax-axis", attend(another_maximum)),
    ("keepdims-missing", attend(losing_an_axis)),
    ("infinity-times-zero", attend(lambda s: np.full(s.shape, np.nan))),
]
ATTENTIONS = [
    ("mask-missing", attend(softmax)),
    ("mask-after-softmax", attend(weights_after)),
    *(("mask-by-zero", attend(masked_scores(earlier, low))) for low in (0.0, -1.0, -10.0)),
    *(("mask-by-zero", attend(lambda s, low=low: softmax(s + low * ~earlier(s.shape[-1])))) for low in (-1e2, -1e3, -1e4)),
    ("mask-by-zero", attend(masked_scores(earlier, -1e4))),
    *(("mask-sign", attend(masked_scores(earlier, high))) for high in (1e4, 1e9)),
    ("mask-by-value", attend(lambda s: softmax(np.where(np.tril(s) == 0, -np.inf, s)))),
    ("mask-reversed", attend(masked_scores(lambda m: earlier(m).T))),
    ("mask-reversed", attend(masked_scores(lambda m: ~earlier(m)))),
    ("mask-excludes-self", attend(masked_scores(lambda m: np.tri(m, k=-1, dtype=bool)))),
    ("mask-excludes-self", attend(masked_scores(lambda m: np.tri(m, k=-1, dtype=bool), -1e30))),
    ("mask-one-late", attend(masked_scores(lambda m: np.tri(m, k=1, dtype=bool)))),
    ("softmax-axis", attend(over_queries)),
    ("softmax-axis", attend(over_axis(1))),
    ("softmax-axis", attend(over_axis(0))),
    ("softmax-axis", attend(lambda s: over_axis(0 if s.ndim == 3 else 1)(s))),  # F.softmax without an axis
    ("scale-after-softmax", attend(scale=lambda d, d_h: 1.0, scaled_late=True)),
    ("softmax-axis", attend(lambda s: np.where(earlier(s.shape[-1]), softmax(s, axis=-2), 0.0))),
    ("scale-missing", attend(scale=lambda d, d_h: 1.0)),
    ("scale-multiplied", attend(scale=lambda d, d_h: d_h**0.5)),
    ("scale-by-width", attend(scale=lambda d, d_h: d**-0.5)),
    ("scale-without-root", attend(scale=lambda d, d_h: 1.0 / d_h)),
    ("half-not-root", attend(scale=lambda d, d_h: 0.5 / d_h)),
    ("half-not-root", attend(scale=lambda d, d_h: 2.0 / d_h)),
    ("scale-by-count", attend(scale=lambda d, d_h: (d // d_h) ** -0.5)),
    ("scale-by-count", scaled_by_tokens),
    ("features-interleaved", attend(cut=split_interleaved, join=merge_interleaved)),
    ("features-interleaved", attend(cut=split_interleaved)),
    ("heads-not-transposed", attend(cut=split_by_rows, join=merge_by_rows)),
    ("heads-not-transposed", attend(cut=split_by_rows)),
    ("merge-not-transposed", attend(join=merge_by_rows)),
    ("heads-ignored", attend(one_head=True)),
    ("heads-ignored", one_attention),
    ("heads-and-width-exchanged", attend(cut=lambda x, heads: split(x, x.shape[-1] // heads))),
    ("heads-and-width-exchanged", attend(cut=lambda x, heads: split(x, x.shape[-1] // heads), scale=lambda d, d_h: (d // d_h) ** -0.5)),
    ("split-before-projection", cut_before),
    *(("heads-not-merged", not_merged(turned)) for turned in (True, False)),
    ("weights-turned", attend(lambda s: np.swapaxes(masked_scores(earlier)(s), -1, -2))),
    ("norm-inside", lambda x, *weights: attend()(layer_norm(x, 1.0, 0.0), *weights)),
    ("scores-transposed", attend(scores=lambda q, k: k @ np.swapaxes(q, -1, -2))),
    ("wrong-projection", projected(lambda q, k, v, one: (one, k, v))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, one, v))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, k, one))),
    ("wrong-projection", projected(lambda q, k, v, one: (one, one, one))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, q, q))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, q, v))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, k, k))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, k, q))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, v, k))),
    ("output-map-missing", lambda x, w_q, w_k, w_v, w_o, heads: attend()(x, w_q, w_k, w_v, np.eye(x.shape[-1]), heads)),
    ("weights-transposed", lambda x, w_q, w_k, w_v, w_o, heads: attend()(x, w_q.T, w_k.T, w_v.T, w_o.T, heads)),
    ("weights-transposed", lambda x, w_q, w_k, w_v, w_o, heads: attend()(x, w_q.T, w_k.T, w_v.T, w_o, heads)),
    ("weights-transposed", lambda x, w_q, w_k, w_v, w_o, heads: attend()(x, w_q, w_k, w_v, w_o.T, heads)),
    ("residual-inside", lambda x, *weights: x + attend()(x, *weights)),
]

CAUSAL_SELF_ATTENTION = Exercise(
    name="causal_self_attention",
    functions=("causal_self_attention",),
    outputs=OUTPUTS,
    invoke=invoke_attention,
    reference=judged_by(prefix_of(attend())),
    section="causal-attention",
    checks=(
        Check("one_head", "One head", 2, "causal-attention", one_head),
        Check("heads", "Several heads", 3, "split-heads", several_heads),
        Check("future", "The future never changes the past", 1, "causal-mask", far_future),
        Check("large_scores", "Large scores do not overflow", 1, "causal-attention", large_scores, "naive-softmax"),
        Check("ranks", "Any number of axes before tokens and features", 1, "shapes-m-by-d", any_rank, "only-3d"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", attention_gradient, "graph-cut"),
        Check("untouched", "x and the weights are left as they were", 1, "causal-attention", attention_untouched),
    ),
    suspects=suspects([(name, prefix_of(attend(weights))) for name, weights in IN_OWN_DTYPE], throughout=True, raw=True)
    + suspects([(name, prefix_of(forward)) for name, forward in ATTENTIONS])
    + suspects([(name, prefix_of(forward)) for name, forward in SOFTMAXES], throughout=True),
    misconceptions=ATTENTION_MISCONCEPTIONS,
    forbidden_names=frozenset(
        {"scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward", "flex_attention"}
    ),
)

# FeedForward ----------------------------------------------------------------------------------


def feed_forward(x, w_up, b_up, w_down, b_down):
    return gelu(x @ w_up.T + b_up) @ w_down.T + b_down


def with_activation(activation: Callable):
    return lambda x, wu, bu, wd, bd: activation(x @ wu.T + bu) @ wd.T + bd


def invoke_feed_forward(student: Student, case: Case) -> Reply:
    x, w_up, b_up, w_down, b_down, dy = case.args
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    state = {"up.weight": sent(w_up), "up.bias": sent(b_up), "down.weight": sent(w_down), "down.bias": sent(b_down)}
    build = [[x.shape[-1], w_up.shape[0]], {}]
    asked = {"build": build, "to": "float64", "state": state}
    reply = answer(run(student, isinstance(case, SecondCall), "FeedForward", sent(x, dy is not None), **asked, **upstream))
    missing = re.search(r"no parameter called `(\w+)\.(\w+)`; it has (.*)", reply.problem or "")
    if not missing:
        return reply
    _, kind, others = missing.groups()
    return replace(reply, sign="bias-missing" if kind == "bias" and "up.weight" in others else "parts-renamed")


def feed_forward_case(rng, shape, hidden, gradient=False, **more) -> Case:
    d = shape[-1]
    # Large enough that GELU, ReLU and no activation are far apart, and GELU's two forms are not.
    weights = (matrix(rng, d, hidden), drawn(rng, hidden), matrix(rng, hidden, d), drawn(rng, d))
    args = (drawn(rng, *shape, spread=1.5), *weights, drawn(rng, *shape) if gradient else None)
    words = f"x of shape {shape}, hidden width {hidden}"
    return case(args, words, GRADIENT if gradient else OUTPUT, **({"atol": 5e-3, "rtol": 1e-3} | more))


def feed_forward_values(rng):
    x = np.array([[1.0, -1.0]])
    up = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, -1.0]] + 4 * [[0.0, 0.0]])  # 8 = 4·2: another width is `width`'s to ask
    down = np.array([[1.0, 1.0, 0.0, 0.0] + 4 * [0.0], [0.0, 0.0, 1.0, 1.0] + 4 * [0.0]])
    weights = (up, np.array([0.0, 0.0, 1.0] + 5 * [0.0]), down, np.array([0.5, -0.5]))
    shown = case((x, *weights, None), "the worked example", public=True, atol=5e-3)
    out = [shown] + [feed_forward_case(rng, (*lead, d), 4 * d) for lead, d in (((2, 3), 5), ((4,), 6), ((2, 1, 3), 3))]
    loud = feed_forward_case(rng, (3, 5), 20)
    loud = replace(loud, args=(20 * loud.args[0], *loud.args[1:]), words=f"{loud.words}, large x")
    return [*out, loud, second_call(feed_forward_case(rng, (2, 3, 5), 20))]


def feed_forward_widths(rng):
    return [feed_forward_case(rng, (3, 5), 20, control=True)] + [
        feed_forward_case(rng, (3, d), hidden) for d, hidden in ((5, 7), (6, 11), (4, 1))
    ]


def feed_forward_gradient(rng):
    out = [feed_forward_case(rng, (3, 5), 20, control=True)]
    return out + [feed_forward_case(rng, shape, 4 * shape[-1], gradient=True) for shape in ((2, 3, 4), (3, 5))]


FEED_FORWARD = Exercise(
    name="FeedForward",
    functions=("FeedForward",),
    outputs=OUTPUTS,
    invoke=invoke_feed_forward,
    reference=judged_by(feed_forward),
    section="feed-forward",
    checks=(
        Check("values", "Up, GELU, down", 2, "feed-forward", feed_forward_values),
        Check("width", "The hidden width is an argument", 1, "feed-forward", feed_forward_widths, "hidden-fixed"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", feed_forward_gradient, "graph-cut"),
    ),
    suspects=suspects(
        [
            ("activation-missing", lambda x, wu, bu, wd, bd: (x @ wu.T + bu) @ wd.T + bd),
            ("activation-last", lambda x, wu, bu, wd, bd: gelu((x @ wu.T + bu) @ wd.T + bd)),
            ("activation-last", lambda x, wu, bu, wd, bd: gelu(feed_forward(x, wu, bu, wd, bd))),
            ("activation-first", lambda x, wu, bu, wd, bd: (gelu(x) @ wu.T + bu) @ wd.T + bd),
            ("gelu-wrong", with_activation(lambda h: 1 / (1 + np.exp(-h)))),
            ("gelu-wrong", with_activation(np.tanh)),
            ("gelu-wrong", with_activation(lambda h: h / (1 + np.exp(-1.702 * h)))),  # an approximation, too coarse
            ("gelu-wrong", with_activation(lambda h: h / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (h + 0.44715 * h**3))))),  # for 0.044715
            ("gelu-wrong", with_activation(lambda h: np.where(h < 0, np.expm1(np.minimum(h, 0)), h))),  # ELU
            ("gelu-wrong", with_activation(lambda h: np.log1p(np.exp(h)))),  # softplus
            ("gelu-wrong", with_activation(lambda h: gelu(gelu(h)))),
            ("gelu-wrong", with_activation(lambda h: np.where(h < 0, 0.01 * h, h))),  # leaky ReLU
            ("relu-for-gelu", lambda x, wu, bu, wd, bd: np.maximum(x @ wu.T + bu, 0) @ wd.T + bd),
            ("gelu-wrong", with_activation(lambda h: 2 * gelu(h))),
            ("gelu-wrong", with_activation(lambda h: gelu(h * 2**0.5) / 2**0.5)),  # √2 is missing
            ("gelu-wrong", with_activation(lambda h: gelu(h) / h)),  # Φ(h) alone
            ("gelu-wrong", with_activation(lambda h: gelu(h) - h / 2)),  # 1 + is missing
            ("gelu-wrong", with_activation(lambda h: h / (1 + np.exp(-h)))),  # SiLU
            ("gelu-wrong", with_activation(lambda h: np.minimum(gelu(h), 6))),  # a bound above, as ReLU6 has it
            ("down-missing", lambda x, wu, bu, wd, bd: gelu(x @ wu.T + bu)),
            ("shape-lost", lambda x, *weights: feed_forward(x, *weights).reshape(-1, weights[-1].size)),
            ("bias-missing", lambda x, wu, bu, wd, bd: feed_forward(x, wu, 0, wd, bd)),
            ("bias-missing", lambda x, wu, bu, wd, bd: feed_forward(x, wu, bu, wd, 0)),
            ("bias-missing", lambda x, wu, bu, wd, bd: feed_forward(x, wu, 0, wd, 0)),
            ("residual-inside", lambda x, *weights: x + feed_forward(x, *weights)),
            ("norm-inside", lambda x, *weights: feed_forward(layer_norm(x, 1.0, 0.0), *weights)),
            ("norm-inside", with_activation(lambda h: gelu(layer_norm(h, 1.0, 0.0)))),
            ("norm-inside", lambda x, *weights: layer_norm(x + feed_forward(x, *weights), 1.0, 0.0)),
        ]
    ),
    misconceptions=FEED_FORWARD_MISCONCEPTIONS,
)

# PreNormBlock ---------------------------------------------------------------------------------


def parallel_block(x, w_a, w_f, g1, b1, g2, b2):
    return x + causal_mean(layer_norm(x, g1, b1), w_a) + bent(layer_norm(x, g2, b2), w_f)


def from_input_block(x, w_a, w_f, g1, b1, g2, b2):
    stream = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return x + bent(layer_norm(stream, g2, b2), w_f)


def exchanged_block(x, w_a, w_f, g1, b1, g2, b2):
    x = x + bent(layer_norm(x, g1, b1), w_f)
    return x + causal_mean(layer_norm(x, g2, b2), w_a)


def exchanged_block_own_norms(x, w_a, w_f, g1, b1, g2, b2):
    return exchanged_block(x, w_a, w_f, g2, b2, g1, b1)


def without(first_norm=True, second_norm=True, first_residual=True, second_residual=True):
    def forward(x, w_a, w_f, g1, b1, g2, b2):
        x = first_residual * x + causal_mean(layer_norm(x, g1, b1) if first_norm else x, w_a)
        return second_residual * x + bent(layer_norm(x, g2, b2) if second_norm else x, w_f)

    return forward


def branches(first: Callable, second: Callable):
    """The block with other things added to the stream. first, second: (attention, feed-forward, normalised x) → branch."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        def attention(t):
            return causal_mean(t, w_a)

        def feed_forward(t):
            return bent(t, w_f)

        x = x + first(attention, feed_forward, layer_norm(x, g1, b1))
        return x + second(attention, feed_forward, layer_norm(x, g2, b2))

    return forward


# Branches, right and wrong: a: attention; f: the feed-forward network; t: the normalised stream.
def attended(a, f, t):
    return a(t)


def fed(a, f, t):
    return f(t)


def nothing(a, f, t):
    return 0.0


def norm_alone(a, f, t):
    return t


def minus(branch: Callable) -> Callable:
    return lambda a, f, t: -branch(a, f, t)


def times(factor: float, branch: Callable) -> Callable:
    return lambda a, f, t: factor * branch(a, f, t)


def first_of(branch: Callable) -> Callable:
    return lambda a, f, t: branch(a, f, t)[0]


def unpacked(branch: Callable) -> Callable:
    """An array unpacks into its rows, if there are two; else it is an error, here as there."""

    def first(a, f, t):
        out, _ = branch(a, f, t)
        return out

    return first


def one_residual(x, w_a, w_f, g1, b1, g2, b2):
    return x + bent(layer_norm(causal_mean(layer_norm(x, g1, b1), w_a), g2, b2), w_f)


def normalised_at_both_ends(x, w_a, w_f, g1, b1, g2, b2):
    x = layer_norm(x, g1, b1)
    x = x + causal_mean(x, w_a)
    return layer_norm(x + bent(x, w_f), g2, b2)


def post_then_pre(x, w_a, w_f, g1, b1, g2, b2):
    x = layer_norm(x + causal_mean(x, w_a), g1, b1)
    return x + bent(layer_norm(x, g2, b2), w_f)


def norms_replaced(x, w_a, w_f, g1, b1, g2, b2):
    return pre_norm_block(x, w_a, w_f, 1.0, 0.0, 1.0, 0.0)


def half_post_norm(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return layer_norm(x + bent(x, w_f), g2, b2)


def half_res_post(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return x + layer_norm(bent(x, w_f), g2, b2)


def branch_reads_branch(x, w_a, w_f, g1, b1, g2, b2):
    attended = causal_mean(layer_norm(x, g1, b1), w_a)
    return x + attended + bent(layer_norm(attended, g2, b2), w_f)


def both_ends(x, w_a, w_f, g1, b1, g2, b2):
    x = x + layer_norm(causal_mean(layer_norm(x, g1, b1), w_a), g1, b1)
    return x + layer_norm(bent(layer_norm(x, g2, b2), w_f), g2, b2)


def arguments_exchanged(x, w_a, w_f, g1, b1, g2, b2):
    """As if the parts came as (norm1, attention, norm2, feed_forward)."""
    x = x + bent(causal_mean(x, w_a), w_f)
    return x + layer_norm(layer_norm(x, g1, b1), g2, b2)


def scaled(residual: float, both: float = 1.0):
    """The block with factors on its residual path: residual·x + F, or both·(x + F)."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        x = both * (residual * x + causal_mean(layer_norm(x, g1, b1), w_a))
        return both * (residual * x + bent(layer_norm(x, g2, b2), w_f))

    return forward


def block_parameters(x, w_a, w_f, g1, b1, g2, b2) -> int:
    return sum(a.size for a in (w_a, w_f, g1, b1, g2, b2))


def invoke_block(student: Student, case: Case) -> Reply:
    x, w_a, w_f, g1, b1, g2, b2, dy = case.args
    parts = [stock_map("causal_mean", w_a), stock_map("bent", w_f), stock_norm(g1, b1), stock_norm(g2, b2)]
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    asked = {"build": [parts, {}], "to": "float64", "count": True, "training": isinstance(case, InTraining)}
    return answer(run(student, isinstance(case, SecondCall), "PreNormBlock", sent(x, dy is not None), **asked, **upstream))


def block_case(rng, shape, judged=OUTPUT, same_norms=False, kind="", **more) -> Case:
    d = shape[-1]
    norms = gain(rng, d)
    norms += norms if same_norms else gain(rng, d)
    dy = drawn(rng, *shape) if judged == GRADIENT else None
    return case((stream(rng, *shape), matrix(rng, d), matrix(rng, d), *norms, dy), f"x of shape {shape}{kind}", judged, **more)


def block_values(rng):
    eye = np.eye(2)
    x = np.array([[4.0, 2.0], [0.0, 6.0]])
    ones = (np.ones(2), np.zeros(2))
    shown = case((x, eye, eye, *ones, *ones, None), "the worked example", public=True)
    out = [shown] + [block_case(rng, shape, same_norms=True) for shape in ((2, 4, 5), (3, 6), (2, 2, 3, 4))]
    return [*out, second_call(block_case(rng, (2, 4, 5), same_norms=True))]


def two_norms(rng):
    return [block_case(rng, shape, kind=", the two norms unlike") for shape in ((2, 4, 5), (3, 7))]


def block_gradient(rng):
    out = [block_case(rng, (3, 5), same_norms=True, control=True)]
    return out + [block_case(rng, shape, GRADIENT, same_norms=True) for shape in ((2, 3, 4), (4, 5))]


def block_registered(rng):
    return [block_case(rng, shape, OUTPUT + COUNT, same_norms=True, kind=" and the number of parameters") for shape in ((2, 3, 4), (4, 5))]


def undisturbed(rng):
    """Branches that add nothing, in training mode: what comes out is what went in, whatever is dropped on a branch."""
    out = [block_case(rng, (3, 5), same_norms=True, control=True)]
    for shape in ((2, 8, 5), (9, 6)):
        d = shape[-1]
        norm = (np.ones(d), np.zeros(d))
        args = (stream(rng, *shape), np.zeros((d, d)), np.zeros((d, d)), *norm, *norm, None)
        words = f"x of shape {shape}, branches that add nothing, in training mode"
        out.append(InTraining(args, words, judged=OUTPUT, atol=1e-6, rtol=1e-6, any_dtype=True, may_change=True))
    return out


def block_untouched(rng):
    return [block_case(rng, shape, same_norms=True, may_change=False) for shape in ((2, 3, 4), (4, 5))]


PRE_NORM_BLOCK = Exercise(
    name="PreNormBlock",
    functions=("PreNormBlock",),
    outputs=OUTPUTS,
    invoke=invoke_block,
    reference=judged_by(pre_norm_block, block_parameters),
    section="pre-norm",
    checks=(
        Check("values", "Two sub-layers, each x + F(LN(x))", 3, "pre-norm", block_values),
        Check("two_norms", "Each sub-layer has a norm of its own", 1, "pre-norm", two_norms),
        Check("stream", "Nothing scales or drops the stream", 1, "residual-stream", undisturbed, "residual-disturbed"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", block_gradient, "graph-cut"),
        Check("registered", "All parts are registered", 1, "block-spec", block_registered),
        Check("untouched", "x is left as it was", 1, "residual-stream", block_untouched),
    ),
    suspects=suspects(
        [
            ("post-norm-for-pre-norm", post_norm_block),
            ("res-post-for-pre-norm", res_post_block),
            ("normalised-residual", normalised_residual_block),
            ("normalised-residual", normalised_second_residual),
            ("normalised-residual", normalised_first_residual),
            ("shared-norm", lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(x, w_a, w_f, g1, b1, g1, b1)),
            ("shared-norm", lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(x, w_a, w_f, g2, b2, g2, b2)),
            ("norms-exchanged", lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(x, w_a, w_f, g2, b2, g1, b1)),
            ("norm-missing", without(second_norm=False)),
            ("norm-missing", without(first_norm=False)),
            ("norm-missing", without(first_norm=False, second_norm=False)),
            ("residual-missing", without(first_residual=False)),
            ("residual-missing", without(second_residual=False)),
            ("residual-missing", without(first_residual=False, second_residual=False)),
            ("branch-subtracted", branches(minus(attended), fed)),
            ("branch-subtracted", branches(attended, minus(fed))),
            ("branch-subtracted", branches(minus(attended), minus(fed))),
            ("sublayer-missing", branches(nothing, fed)),
            ("sublayer-missing", branches(attended, nothing)),
            ("sublayer-missing", branches(norm_alone, fed)),
            ("sublayer-missing", branches(attended, norm_alone)),
            ("sublayer-missing", branches(attended, attended)),
            ("sublayer-missing", branches(fed, fed)),
            *(("residual-disturbed", scaled(factor)) for factor in (0.5, 0.5**0.5, 0.9, 2.0)),
            *(("residual-disturbed", scaled(1.0, factor)) for factor in (0.5, 0.5**0.5)),
            ("parallel-branches", parallel_block),
            ("residual-from-input", from_input_block),
            ("order-exchanged", exchanged_block),
            ("order-exchanged", exchanged_block_own_norms),
            ("final-norm-in-block", lambda *inputs: layer_norm(pre_norm_block(*inputs), *inputs[-2:])),
            ("post-norm-for-pre-norm", half_post_norm),
            ("res-post-for-pre-norm", half_res_post),
            ("residual-twice", lambda x, *parts: x + pre_norm_block(x, *parts)),
            ("branch-reads-branch", branch_reads_branch),
            ("both-ends", both_ends),
            ("arguments-exchanged", arguments_exchanged),
            ("one-residual", one_residual),
            ("norm-replaced", norms_replaced),
            ("normalised-stream", normalised_at_both_ends),
            ("post-norm-for-pre-norm", post_then_pre),
            ("first-of-output", branches(first_of(attended), fed)),
            ("first-of-output", branches(unpacked(attended), fed)),
            ("first-of-output", branches(first_of(attended), first_of(fed))),
            *(("branch-scaled", branches(attended, times(factor, fed))) for factor in (0.5, 0.1, 2.0)),
            *(("branch-scaled", branches(times(factor, attended), times(factor, fed))) for factor in (0.5**0.5, 0.5, 0.1, 2.0)),
        ],
        block_parameters,
    )
    + suspects([("not-registered", pre_norm_block)]),
    misconceptions=BLOCK_MISCONCEPTIONS,
)

# Transformer ----------------------------------------------------------------------------------


def transformer(x, weights, gamma, beta):
    for weight in weights:
        x = bent(x, weight)
    return layer_norm(x, gamma, beta)


def blocks_alone(x, weights):
    for weight in weights:
        x = bent(x, weight)
    return x


def norm_everywhere(x, weights, gamma, beta):
    for weight in weights:
        x = layer_norm(bent(x, weight), gamma, beta)
    return x


def norm_before_every_block(x, weights, gamma, beta):
    for weight in weights:
        x = bent(layer_norm(x, gamma, beta), weight)
    return layer_norm(x, gamma, beta)


def first_block_alone(x, weights, gamma, beta):
    """Without blocks the loop gives None."""
    return layer_norm(bent(x, weights[0]), gamma, beta)


def residual_around(x, weights, gamma, beta):
    for weight in weights:
        x = x + bent(x, weight)
    return layer_norm(x, gamma, beta)


def transformer_parameters(x, weights, gamma, beta) -> int:
    return weights.size + gamma.size + beta.size


def invoke_transformer(student: Student, case: Case) -> Reply:
    x, weights, gamma, beta, dy = case.args
    parts = [[stock_map("bent", weight) for weight in weights], stock_norm(gamma, beta)]
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    asked = {"build": [parts, {}], "to": "float64", "count": True, "training": isinstance(case, InTraining)}
    return answer(run(student, isinstance(case, SecondCall), "Transformer", sent(x, dy is not None), **asked, **upstream))


def transformer_case(rng, shape, depth, judged=OUTPUT, kind="", **more) -> Case:
    d = shape[-1]
    weights = np.array([matrix(rng, d) * 2 for _ in range(depth)]).reshape(depth, d, d)
    dy = drawn(rng, *shape) if judged == GRADIENT else None
    words = f"x of shape {shape}, {depth} block{'s' * (depth != 1)}{kind}"
    return case((stream(rng, *shape), weights, *gain(rng, d), dy), words, judged, **more)


def transformer_values(rng):
    weights = np.array([np.eye(2), [[0.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]]])
    shown = case((np.array([[1.0, 0.5]]), weights, np.array([1.0, 2.0]), np.zeros(2), None), "the worked example", public=True)
    out = [shown] + [transformer_case(rng, shape, depth) for shape, depth in (((2, 3, 5), 3), ((4, 6), 2), ((2, 3, 4), 4))]
    return [*out, second_call(transformer_case(rng, (2, 3, 5), 2))]


def transformer_depths(rng):
    return [transformer_case(rng, (3, 5), 3, control=True)] + [transformer_case(rng, (3, 5), depth) for depth in (1, 0, 6)]


def transformer_gradient(rng):
    out = [transformer_case(rng, (3, 5), 3, control=True)]
    return out + [transformer_case(rng, shape, depth, GRADIENT) for shape, depth in (((2, 3, 4), 3), ((3, 5), 2))]


def transformer_registered(rng):
    kind = " and the number of parameters"
    return [transformer_case(rng, (3, 5), depth, OUTPUT + COUNT, kind) for depth in (3, 2)]


TRANSFORMER = Exercise(
    name="Transformer",
    functions=("Transformer",),
    outputs=OUTPUTS,
    invoke=invoke_transformer,
    reference=judged_by(transformer, transformer_parameters),
    section="final-norm",
    checks=(
        Check("values", "All blocks in order, then the final norm", 2, "final-norm", transformer_values),
        Check("depths", "Any depth, none too", 1, "final-norm", transformer_depths, "needs-blocks"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", transformer_gradient, "graph-cut"),
        Check("registered", "All parts are registered", 1, "block-spec", transformer_registered),
    ),
    suspects=suspects(
        [
            ("final-norm-missing", lambda x, weights, gamma, beta: blocks_alone(x, weights)),
            ("norm-first", lambda x, weights, gamma, beta: blocks_alone(layer_norm(x, gamma, beta), weights)),
            ("norm-after-every-block", norm_everywhere),
            ("residual-around-blocks", residual_around),
            ("residual-around-blocks", lambda x, ws, g, b: layer_norm(x + blocks_alone(x, ws), g, b)),
            ("norm-before-every-block", norm_before_every_block),
            ("norm-replaced", lambda x, ws, g, b: transformer(x, ws, 1.0, 0.0)),
            ("final-norm-twice", lambda x, ws, g, b: layer_norm(transformer(x, ws, g, b), g, b)),
            ("norm-after-every-block", lambda x, ws, g, b: layer_norm(norm_everywhere(x, ws, g, b), g, b)),
            ("blocks-side-by-side", lambda x, ws, g, b: layer_norm(np.asarray(sum(bent(x, w) for w in ws)), g, b)),
            ("blocks-side-by-side", lambda x, ws, g, b: layer_norm(x + sum(bent(x, w) for w in ws), g, b)),
            ("residual-around-blocks", lambda x, ws, g, b: x + transformer(x, ws, g, b)),
            ("return-in-loop", first_block_alone),
            ("same-block-repeated", lambda x, ws, g, b: transformer(x, [ws[0]] * len(ws), g, b)),
            ("same-block-repeated", lambda x, ws, g, b: transformer(x, [ws[-1]] * len(ws), g, b)),
            ("blocks-not-chained", lambda x, ws, g, b: layer_norm(x, g, b)),
            ("blocks-not-chained", lambda x, ws, g, b: transformer(x, ws[-1:], g, b)),
            ("blocks-reversed", lambda x, ws, g, b: transformer(x, ws[::-1], g, b)),
            ("block-skipped", lambda x, ws, g, b: transformer(x, ws[:-1], g, b)),
            ("block-skipped", lambda x, ws, g, b: transformer(x, ws[1:], g, b)),
        ],
        transformer_parameters,
    )
    + suspects([("not-registered", transformer)], lambda x, weights, gamma, beta: gamma.size + beta.size)
    + suspects([("not-registered", transformer)], lambda x, weights, gamma, beta: weights.size)
    + suspects([("not-registered", transformer)]),
    misconceptions=TRANSFORMER_MISCONCEPTIONS,
)

# residual_sublayer ----------------------------------------------------------------------------

# x: the stream; f: the branch; n, o: the norm and the output norm; a: α.
PLACEMENTS = {
    "pre": lambda x, f, n, o, a: x + f(n(x)),
    "post": lambda x, f, n, o, a: n(x + f(x)),
    "res-post": lambda x, f, n, o, a: x + n(f(x)),
    "sandwich": lambda x, f, n, o, a: x + o(f(n(x))),
    "deepnorm": lambda x, f, n, o, a: n(a * x + f(x)),
    "none": lambda x, f, n, o, a: x + f(x),
}


def wired(wiring: dict[str, Callable]):
    """Return the forward pass of a sub-layer whose placements are wired as given; the others are right."""
    all_of_them = PLACEMENTS | wiring

    def forward(x, weight, gamma, beta, out_gamma, out_beta, placement, alpha):
        def branch(t):
            return bent(t, weight)

        def norm(t):
            return layer_norm(t, gamma, beta)

        def output_norm(t):
            return layer_norm(t, out_gamma, out_beta)

        return all_of_them[placement](x, branch, norm, output_norm, alpha)

    return forward


def invoke_sublayer(student: Student, case: Case) -> Reply:
    x, weight, gamma, beta, out_gamma, out_beta, dy = case.args
    args = [case.kwargs["placement"], stock_map("bent", weight), stock_norm(gamma, beta)]
    kwargs = {"output_norm": stock_norm(out_gamma, out_beta), "alpha": case.kwargs["alpha"]}
    if isinstance(case, WithDefaults):
        kwargs = {}
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    return answer(student.torch("residual_sublayer", [sent(x, dy is not None)], build=[args, kwargs], **upstream))


@dataclass(frozen=True)
class WithDefaults(Case):
    """A case in which neither `output_norm` nor `alpha` is given, so that α is 1."""


def sublayer_cases(placement: str):
    def cases(rng):
        x = np.array([[4.0, 1.0, 1.0]])
        weight = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]) / 4
        norms = (np.ones(3), np.zeros(3), np.array([1.0, 2.0, 1.0]), np.zeros(3))
        kwargs = {"placement": placement, "alpha": 2.0}
        out = [case((x, weight, *norms, None), f"the worked example, “{placement}”", kwargs=kwargs, public=True, control=True)]
        for shape, alpha in (((2, 3, 5), 1.7), ((4, 6), 3.0)):
            args = (stream(rng, *shape), matrix(rng, shape[-1]), *gain(rng, shape[-1]), *gain(rng, shape[-1]), None)
            words = f"x of shape {shape}, “{placement}”"
            out.append(case(args, words, control=True, kwargs={"placement": placement, "alpha": alpha}, may_change=False))
        if placement != "sandwich":
            words = f"{out[-1].words}, no `output_norm` and no `alpha`"
            out.append(out[-1].of_kind(WithDefaults, words=words, control=False, kwargs={"placement": placement, "alpha": 1.0}))
        args = (stream(rng, 3, 4), matrix(rng, 4), *gain(rng, 4), *gain(rng, 4), drawn(rng, 3, 4))
        out.append(case(args, f"x of shape (3, 4), “{placement}”", GRADIENT, control=True, kwargs={"placement": placement, "alpha": 1.7}))
        return out

    return cases


def subtracted(placement: str) -> Callable:
    """The placement with its branch subtracted."""
    if placement in ("post", "deepnorm"):
        return lambda x, f, n, o, a: PLACEMENTS[placement](x, lambda t: -f(t), n, o, a)
    return lambda x, f, n, o, a: 2 * x - PLACEMENTS[placement](x, f, n, o, a)


def alpha_too(placement: str) -> Callable:
    """The placement with α times the stream in place of the stream, where it is added to."""
    if placement == "post":
        return PLACEMENTS["deepnorm"]
    return lambda x, f, n, o, a: (a - 1) * x + PLACEMENTS[placement](x, f, n, o, a)


WIRINGS = [
    ("post-norm-for-pre-norm", {"pre": PLACEMENTS["post"]}),
    ("res-post-for-pre-norm", {"pre": PLACEMENTS["res-post"]}),
    ("normalised-residual", {"pre": lambda x, f, n, o, a: n(x) + f(n(x))}),
    ("pre-norm-for-post-norm", {"post": PLACEMENTS["pre"]}),
    *(("alpha-everywhere", {place: alpha_too(place)}) for place in ("pre", "post", "res-post", "sandwich", "none")),
    ("post-norm-for-res-post", {"res-post": PLACEMENTS["post"]}),
    ("post-norm-for-res-post", {"res-post": lambda x, f, n, o, a: x + n(x + f(x))}),
    ("normalised-residual", {"post": lambda x, f, n, o, a: n(x) + f(x)}),
    ("normalised-residual", {"deepnorm": lambda x, f, n, o, a: n(a * x) + f(x)}),
    ("normalised-residual", {"deepnorm": lambda x, f, n, o, a: a * n(x) + f(x)}),
    ("normalised-residual", {"sandwich": lambda x, f, n, o, a: n(x) + o(f(n(x)))}),
    ("alpha-on-branch", {"deepnorm": lambda x, f, n, o, a: n(x / a + f(x))}),
    ("deepnorm-as-pre-norm", {"deepnorm": lambda x, f, n, o, a: n(a * x + f(n(x)))}),
    ("sandwich-on-stream", {"sandwich": lambda x, f, n, o, a: o(x + n(f(n(x))))}),
    ("res-post-for-post-norm", {"post": PLACEMENTS["res-post"]}),
    ("pre-norm-for-res-post", {"res-post": PLACEMENTS["pre"]}),
    ("one-norm-in-sandwich", {"sandwich": PLACEMENTS["pre"]}),
    ("one-norm-in-sandwich", {"sandwich": PLACEMENTS["res-post"]}),
    ("one-norm-in-sandwich", {"sandwich": lambda x, f, n, o, a: x + o(f(x))}),
    ("one-norm-in-sandwich", {"sandwich": lambda x, f, n, o, a: x + n(f(n(x)))}),
    ("sandwich-norms-exchanged", {"sandwich": lambda x, f, n, o, a: x + n(f(o(x)))}),
    ("alpha-ignored", {"deepnorm": PLACEMENTS["post"]}),
    ("alpha-ignored", {"deepnorm": lambda x, f, n, o, a: n(a * (x + f(x)))}),
    ("alpha-on-branch", {"deepnorm": lambda x, f, n, o, a: n(x + a * f(x))}),
    ("deepnorm-as-pre-norm", {"deepnorm": lambda x, f, n, o, a: a * x + f(n(x))}),
    ("deepnorm-as-pre-norm", {"deepnorm": PLACEMENTS["pre"]}),
    ("alpha-outside", {"deepnorm": lambda x, f, n, o, a: a * n(x + f(x))}),
    ("alpha-outside", {"deepnorm": lambda x, f, n, o, a: a * x + n(f(x))}),
    ("alpha-outside", {"deepnorm": lambda x, f, n, o, a: a * x + n(x + f(x))}),
    ("sandwich-on-stream", {"sandwich": lambda x, f, n, o, a: o(x + f(n(x)))}),
    ("residual-missing", {"none": lambda x, f, n, o, a: f(x)}),
    ("residual-missing", {"pre": lambda x, f, n, o, a: f(n(x))}),
    *(("residual-missing", {place: lambda x, f, n, o, a: n(f(x))}) for place in ("post", "res-post", "deepnorm")),
    ("residual-missing", {"sandwich": lambda x, f, n, o, a: o(f(n(x)))}),
    *(("norm-missing", {place: PLACEMENTS["none"]}) for place in ("pre", "post", "res-post", "sandwich")),
    ("norm-missing", {"deepnorm": lambda x, f, n, o, a: a * x + f(x)}),
    *(("normalised-without-norm", {"none": PLACEMENTS[place]}) for place in ("pre", "post", "res-post")),
    *(("branch-missing", {place: lambda x, f, n, o, a: x}) for place in ("pre", "res-post", "sandwich", "none")),
    *(("branch-missing", {place: lambda x, f, n, o, a: x + n(x)}) for place in ("pre", "res-post")),
    ("branch-missing", {"sandwich": lambda x, f, n, o, a: x + o(n(x))}),
    ("branch-missing", {"post": lambda x, f, n, o, a: n(x)}),
    ("branch-missing", {"deepnorm": lambda x, f, n, o, a: n(a * x)}),
    *(("branch-subtracted", {place: subtracted(place)}) for place in PLACEMENTS),
]
SECTIONS = {
    "pre": ("x + F(LN(x))", "pre-norm"),
    "post": ("LN(x + F(x))", "post-norm"),
    "res-post": ("x + LN(F(x))", "res-post"),
    "sandwich": ("a norm at both ends of the branch", "sandwich-norm"),
    "deepnorm": ("LN(α·x + F(x))", "deepnorm-placement"),
    "none": ("x + F(x)", "placements"),
}

RESIDUAL_SUBLAYER = Exercise(
    name="residual_sublayer",
    functions=("residual_sublayer",),
    outputs=OUTPUTS,
    invoke=invoke_sublayer,
    reference=judged_by(wired({})),
    section="placements",
    checks=tuple(
        Check(placement.replace("-", "_"), f"“{placement}”: {formula}", 1, section, sublayer_cases(placement), "fails-with-defaults")
        for placement, (formula, section) in SECTIONS.items()
    ),
    suspects=suspects([(name, wired(wiring)) for name, wiring in WIRINGS]),
    misconceptions=SUBLAYER_MISCONCEPTIONS,
)

QUIZ = Quiz(
    name="quiz_5_prenorm_block",
    variable="answers",
    questions=(
        Question(
            "q1", "b",
            {
                "a": "That is post-norm with the feed-forward network only: the norm comes last, on the stream.",
                "c": "Here the addition comes before the branch has run; there is nothing yet to add.",
                "d": "That is res-post: the branch reads the raw stream, and its result is normalised before the addition.",
            },
            "pre-norm",
        ),
        Question(
            "q2", "d",
            {
                "a": "A smaller step helps any model to start, and leaves the path of the gradient as it is: through every norm.",
                "b": "A larger ε changes the norm of nearly constant tokens only.",
                "c": "Without residuals the gradient would have no direct way at all.",
            },
            "gradients-by-depth",
        ),
        Question(
            "q3", "c",
            {
                "a": "The stream has the shape (m, d) from the first block to the last; the norm is not about shapes.",
                "b": "Each block's norms stand on its branches. None of them touches the stream itself.",
                "d": "Softmax ignores a constant added to all logits, not their scale: a larger stream gives sharper predictions.",
            },
            "final-norm",
        ),
        Question(
            "q4", "a",
            {
                "b": "A linear branch tells them apart: W·LN(x) can have any size, while LN(W·x) has a root mean square of 1.",
                "c": "Another bent branch tells them apart as well: tanh(LN(x)) is no normalised vector.",
                "d": "Scaling the stream tells them apart: LN(x) does not notice, F(x) does.",
            },
            "telling-placements-apart",
        ),
        Question(
            "q5", "c",
            {
                "a": "The scale 1/√d_h is about the size of scores. The past would still change.",
                "b": "Zeroed weights are gone, but the others were divided by a sum that knows the future.",
                "d": "A mask of −∞ that includes the token itself leaves the first row empty: NaN.",
            },
            "causal-mask",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="5_prenorm_block",
    exercises=(CAUSAL_SELF_ATTENTION, FEED_FORWARD, PRE_NORM_BLOCK, TRANSFORMER, RESIDUAL_SUBLAYER),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("tensorflow", "keras", "jax", "flax", "transformers", "xformers", "flash_attn", "einops"),
        libraries=("torch",),
        operators=(
            "scaled_dot_product_attention",
            "_scaled_dot_product_attention_math",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_native_multi_head_attention",
            "_transformer_encoder_layer_fwd",
        ),
    ),
    prelude="import torch\nfrom torch import nn\nfrom torch.nn import functional as F",
)
