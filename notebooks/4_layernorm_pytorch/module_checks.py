"""The visible checks of the module ``LayerNorm``."""

import torch
from torch import nn

from card import Answer, Card, attempt, describe
from common_checks import (
    BIAS,
    CHAPTER,
    DBIAS,
    DEVICE,
    DWEIGHT,
    DX,
    DY,
    LIBRARIES,
    PRECISION,
    TOKENS,
    WEIGHT,
    Y,
    example,
    forward_signs,
    own_work,
    reason,
    tensor,
)
from tensors import compare, drawn, figures, present

MODULE = "module-parameters: What does the module add to the function?"


def layernorm_module(kind: type) -> None:
    card = Card("LayerNorm", CHAPTER)
    if (
        present(card, kind, "class", "class LayerNorm(nn.Module):", MODULE)
        and _can_be_made(card, kind)
        and _registered(card, kind)
    ):
        if _module_example(card, kind):
            _learns(card, kind)
            _module_shapes(card, kind)
            _module_dtypes(card, kind)
            own_work(card, kind, LIBRARIES, MODULE)
    card.show()


def _layer(kind: type, d: int, dtype=torch.float64, weight=None, bias=None, **options) -> nn.Module:
    layer = kind(d, **options).to(DEVICE, dtype)
    with torch.no_grad():
        if weight is not None:
            layer.weight.copy_(tensor(weight))
            layer.bias.copy_(tensor(bias))
    return layer


def _can_be_made(card: Card, kind: type) -> bool:
    answer = attempt(kind, 4)
    found = answer.problem or describe(answer.value)
    hint = "Derive the class from `nn.Module`; the constructor takes d, and eps with the default 1e-5."
    if "before Module.__init__() call" in found:
        hint = "Begin `__init__` with `super().__init__()`."
    good = isinstance(answer.value, nn.Module)
    return card.check(good, "LayerNorm(4) makes an nn.Module", "an nn.Module", found, answer.hint or hint, MODULE)


def _registered(card: Card, kind: type) -> bool:
    layer = kind(4)
    shapes = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    hint = (
        "`self.weight = nn.Parameter(…)`, of shape (d,), and `self.bias` likewise. Plain tensors and "
        "buffers are not trained."
    )
    expected = {"weight": (4,), "bias": (4,)}
    if not card.check(
        shapes == expected, "its parameters are weight and bias, of shape (4,)", expected, shapes, hint, MODULE
    ):
        return False
    good = bool((layer.weight == 1).all() and (layer.bias == 0).all())
    found = f"weight = {figures(layer.weight)}, bias = {figures(layer.bias)}"
    return card.check(
        good,
        "a new layer has weight 1 and bias 0",
        "ones and zeros",
        found,
        "It begins as plain normalisation.",
        MODULE,
    )


def _module_example(card: Card, kind: type) -> bool:
    layer = _layer(kind, 4, weight=WEIGHT, bias=BIAS)
    hint = "y = weight·x̂ + bias over the last axis, with the weight and bias that the layer holds now."
    if not compare(card, "the worked example: y", attempt(layer, tensor(TOKENS)), tensor(Y), hint, MODULE, forward_signs(MODULE), atol=2e-3):
        return False
    hint = "eps is the constructor's argument: keep it, and add it under the root in forward."
    expected = tensor([[-7 / 6, -1 / 6, 1 / 6, 7 / 6]])
    wide = attempt(_layer(kind, 4, eps=11.0), tensor(TOKENS[:1]))
    good = compare(card, "LayerNorm(4, eps=11): the root is 6", wide, expected, hint, MODULE)
    quiet = attempt(_layer(kind, 2), tensor([[0.001, -0.001]]))
    hint = "Without eps the variance 1e-6 would give ±1. The default is 1e-5: 0.001/√(1.1e-5) = 0.3015."
    return good & compare(
        card,
        "eps is 1e-5 when it is not given: (0.001, −0.001)",
        quiet,
        tensor([[0.3015, -0.3015]]),
        hint,
        MODULE,
        atol=1e-3,
    )


def _learns(card: Card, kind: type) -> None:
    layer = _layer(kind, 4, weight=WEIGHT, bias=BIAS)
    x = tensor(TOKENS, wants=True)
    ran = attempt(lambda: layer(x).backward(tensor(DY)))
    for name, found, expected in (
        ("x", x.grad, DX),
        ("weight", layer.weight.grad, DWEIGHT),
        ("bias", layer.bias.grad, DBIAS),
    ):
        hint = (
            "The parameter is used as it is, without `.data` and `.detach()`."
            if name != "x"
            else "Is it LayerNormFunction that runs?"
        )
        if not ran.problem and found is None:
            card.check(False, f"… the gradient of {name}", expected, "no gradient", hint, MODULE)
            continue
        answer = Answer(found) if not ran.problem else ran
        compare(card, f"… the gradient of {name}", answer, tensor(expected), hint, MODULE, atol=1e-3)


def _module_shapes(card: Card, kind: type) -> None:
    layer = _layer(kind, 7)
    twelve = drawn(12, 7).to(DEVICE)
    flat = attempt(layer, twelve)
    for shape in ((2, 6, 7), (1, 3, 1, 4, 7)):
        answer = attempt(layer, twelve.reshape(shape))
        hint = "The features are the last axis, `dim=-1`."
        expected = flat.value.reshape(shape) if isinstance(flat.value, torch.Tensor) else twelve.reshape(shape)
        if not compare(card, f"twelve tokens in shape {shape} are those of (12, 7)", answer, expected, hint, MODULE):
            return
    turned = attempt(layer, twelve.reshape(3, 4, 7).transpose(0, 1))
    good = not turned.problem and torch.allclose(turned.value.transpose(0, 1).reshape(12, 7), flat.value)
    hint = reason(turned.problem) or "`reshape` where `view` stands."
    card.check(good, "a tensor that is not contiguous", "the same numbers", turned.problem or "others", hint, MODULE)


def _module_dtypes(card: Card, kind: type) -> None:
    for dtype, weights in (
        (torch.bfloat16, torch.bfloat16),
        (torch.float16, torch.float16),
        (torch.bfloat16, torch.float32),
    ):
        layer = _layer(kind, 4, weights, WEIGHT, BIAS)
        answer = attempt(layer, tensor(TOKENS, dtype))
        found = answer.problem or str(getattr(answer.value, "dtype", describe(answer.value)))
        text = f"a layer in {str(weights)[6:]}: {str(dtype)[6:]} in, {str(dtype)[6:]} out"
        if not card.check(
            found == str(dtype), text, dtype, found, answer.hint or "End with `.to(x.dtype)`.", PRECISION
        ):
            return
    answer = attempt(
        lambda: _layer(kind, 4, torch.bfloat16)(tensor([[98.0, 99.0, 101.0, 102.5]], torch.bfloat16)).double()
    )
    expected = tensor([[-1.2174, -0.6445, 0.5013, 1.3606]])
    hint = "The mean is 100.125, and bfloat16 has 100 and 100.5. Statistics in float32."
    compare(card, "bfloat16 features (98, 99, 101, 102.5)", answer, expected, hint, PRECISION, atol=0.01)
    layer = _layer(kind, 4, torch.float32)
    attempt(layer, tensor([[98.0, 99.0, 101.0, 102.5]], torch.float32))
    again = attempt(lambda: layer(tensor([[-98.0, 99.0, 101.0, -102.0]], torch.float32)).double())
    hint = "Each x has statistics of its own. Keep none of them from one call to the next."
    expected = tensor([[-0.9799, 0.9899, 1.0099, -1.0199]])
    compare(card, "a second call, of another x", again, expected, hint, PRECISION, atol=0.01)
    far = attempt(lambda: _layer(kind, 4, torch.float32)((example()[0] + 8192).float()).double())
    expected = tensor([[-1.4, -0.2, 0.2, 1.4], [-1.0, -1.0, 1.0, 1.0]])
    hint = "mean(x²) − mean(x)² has no digit left at this offset. Subtract the mean first, then square."
    compare(card, "the example's x shifted by 8192, in float32: x̂", far, expected, hint, PRECISION, atol=0.01)
    layer, x = _layer(kind, 64, torch.float32), (5 + drawn(8, 64)).to(DEVICE, torch.float32)
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        inside = attempt(layer, x)
    hint = "Under autocast `@`, `einsum` and `F.linear` run in bfloat16, and so would statistics that are made by them."
    compare(
        card,
        "under autocast, float32 in: the same, in float32",
        inside,
        attempt(layer, x).value,
        hint,
        PRECISION,
        atol=1e-3,
    )
    if isinstance(inside.value, torch.Tensor):
        card.check(
            inside.value.dtype == torch.float32,
            "… and float32 out",
            "torch.float32",
            inside.value.dtype,
            hint,
            PRECISION,
        )
