"""The visible checks of ``4_layernorm_pytorch``: published examples and properties.

They tell you what to look at next. The grade is given by other cases of the same kinds. They run on a CUDA device where
there is one, else on the CPU.
"""

import torch

from card import Card, letters, predicted
from common_checks import CHAPTER, DEVICE
from function_checks import besides, layernorm_function, listed
from kernel_checks import backward_kernel, forward_kernel, triton
from module_checks import layernorm_module
from tensors import drawn

__all__ = [
    "backward_kernel",
    "forward_kernel",
    "layernorm_function",
    "layernorm_module",
    "quiz",
    "reveal_bytes",
    "reveal_padding",
    "triton",
]


class _OpenContext:
    """A ctx that keeps nothing, for a forward that autograd is to record."""

    def save_for_backward(self, *tensors) -> None:
        pass

    def mark_dirty(self, *tensors) -> None:
        pass


def reveal_bytes(prediction: float | None, function: type) -> None:
    """Show what autograd keeps of the student's forward, as a Function and as plain operations."""
    card = Card("Prediction: what is kept", CHAPTER)
    if predicted(card, prediction, "prediction_bytes"):
        x, weight, bias = (
            t.to(DEVICE, torch.float32).requires_grad_()
            for t in (drawn(128, 768), drawn(768, seed=1), drawn(768, seed=2))
        )
        recorded, plain = listed(lambda: function.forward(_OpenContext(), x, weight, bias, 1e-5))
        own, kept = listed(lambda: function.apply(x, weight, bias, 1e-5))
        if recorded.problem or own.problem:
            card.note(f"Your LayerNormFunction does not get through: {recorded.problem or own.problem}. Mend it first.")
        else:
            beside = [sum(t.nbytes for t in besides(saved, (x, weight, bias))) for saved in (plain, kept)]
            times = [size / x.nbytes for size in beside]
            card.note(f"x of shape (128, 768) in float32: {x.nbytes:,} bytes.")
            card.note(
                f"Your forward's operations, recorded one by one: {beside[0]:,} bytes besides the "
                f"inputs, {times[0]:.3g} times x."
            )
            card.note(f"The same as a Function: {beside[1]:,} bytes, {times[1]:.3g} times x.")
            card.note(
                "Autograd keeps for each operation what its own gradient needs: x − mean, x̂, their "
                "products. You know that all of it "
                "can be made again from x, mean and rstd."
            )
    card.show()


def reveal_padding(prediction: float | None) -> None:
    """Show what the surplus lanes do to a variance."""
    card = Card("Prediction: three features in a block of four", CHAPTER)
    if predicted(card, prediction, "prediction_padding"):
        for words, row, block in (
            ("(8, 11, 14)", torch.tensor([8.0, 11.0, 14.0]), 4),
            ("768 features around 2", 2 + drawn(768).float(), 1024),
        ):
            lanes = torch.zeros(block)
            lanes[: len(row)] = row
            mean = lanes.sum() / len(row)
            apart = (lanes - mean) ** 2
            true, found = apart[: len(row)].sum() / len(row), apart.sum() / len(row)
            card.note(
                f"{words} in {block} lanes: the mean is {mean:.4g}, the variance {true:.4g}; with the "
                f"surplus lanes {found:.4g}."
            )
        card.note(
            "The zeros do no harm to the sum. As deviations they are 0 − mean, far from 0. The "
            "larger the mean, the worse; with a mean of "
            "0 nothing shows, so test with rows that have one."
        )
    card.show()


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 5)
