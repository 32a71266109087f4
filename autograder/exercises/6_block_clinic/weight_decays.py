"""The incident of the optimiser's groups."""

import math
from collections.abc import Callable

import numpy as np

from autograder import tensors
from autograder.exercise import Case
from autograder.exercises.block_parts import OUTPUT, case
from autograder.student import Kind, Reply, Student

from .parts import incident, wrong

SHOWN_NAMES = ("w", "norm.weight", "norm.bias")
LONG = 16  # a vector of so many entries has more of them than a matrix of three by three


ROW = "value_head.weight"  # a matrix of one row, as a head with one output has it


def shape_of(name: str, axes: int, public: bool) -> list[int]:
    if name == ROW:
        return [1, LONG]
    return [3] * axes if public or axes > 1 else [LONG]


def decays(axes, decay):
    return np.where(axes > 1, decay, 0.0)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) or isinstance(value, np.number | np.ndarray) and value.ndim == 0 and value.dtype.kind in "fi"


def invoke_decays(student: Student, case: Case) -> Reply:
    axes, decay = case.args[:2]
    names = case.kwargs["names"]
    shapes = {name: shape_of(name, int(n), case.public) for name, n in zip(names, axes)}
    reply = student.call("weight_decays", shapes, decay)
    if reply.problem:
        return reply
    given = reply.value if isinstance(reply.value, dict) else None
    if given is None or set(given) != set(names) or not all(_is_number(v) for v in given.values()):
        said = "the result is not a dict with one number for each name"
        sign = "names-left-out" if given is not None else None
        return Reply(problem=said, brief=said, error_type=Kind.of(reply.value), sign=sign)
    found = tensors.tensor(np.array([float(given[name]) for name in names]), "float64")
    return Reply((found, tensors.tensor(np.zeros(0)), 0), changed=reply.changed)


def decays_case(rng, names: dict[str, int], **more) -> Case:
    axes = np.array(list(names.values()), dtype="float64")
    return case((axes, float(rng.uniform(0.01, 0.2)), None), f"{len(names)} parameters", kwargs={"names": tuple(names)}, **more)


def named_parameters(rng) -> dict[str, int]:
    names = {"embedding.weight": 2, "final_norm.weight": 1, "final_norm.bias": 1}
    for i in rng.choice(20, size=3, replace=False):
        names |= {f"blocks.{i}.norm1.weight": 1, f"blocks.{i}.norm1.bias": 1, f"blocks.{i}.attention.w_q": 2, f"blocks.{i}.up.bias": 1}
    return names


def all_parameters(rng):
    shown = Case((np.array([2.0, 1.0, 1.0]), 0.1, None), "w (3, 3), norm.weight (3,) and norm.bias (3,), decay 0.1", public=True, judged=OUTPUT,
                 kwargs={"names": SHOWN_NAMES}, any_dtype=True, may_change=True)  # fmt: skip
    odd = {"gain": 1, "normaliser.projection": 2, "position_bias": 2, "scale": 1, "ln_f.weight": 1, "head.weight": 2}
    return [shown, decays_case(rng, named_parameters(rng), control=True), decays_case(rng, odd)]


def matrices_alone(rng):
    names = {f"blocks.{i}.{part}": 2 for i in rng.choice(20, size=3, replace=False) for part in ("w_q", "w_k", "up.weight")}
    return [decays_case(rng, names), decays_case(rng, {"kernel": 4, ROW: 2, "head.weight": 2})]


def by_name(names_with: tuple[str, ...]):
    return lambda axes, decay, names: np.array([0.0 if any(part in name for part in names_with) else decay for name in names])


def by_size(most: int) -> Callable:
    """More entries than that, and it decays."""

    def forward(axes, decay, names):
        sizes = [math.prod(shape_of(name, int(n), names == SHOWN_NAMES)) for name, n in zip(names, axes)]
        return np.where(np.array(sizes) > most, decay, 0.0)

    return forward


def plain(forward: Callable) -> Callable:
    """Without names: these look at the number of axes only."""
    return lambda axes, decay, names: forward(axes, decay)


WEIGHT_DECAYS = incident(
    "weight_decays",
    "clinic-weight-decay",
    invoke_decays,
    plain(decays),
    ("Gains and biases do not decay", all_parameters),
    ("Matrices decay", matrices_alone),
    [
        *(("size-for-axes", by_size(most)) for most in (3, 8)),
        ("decay-on-norms", plain(lambda axes, decay: np.full(axes.shape, decay))),
        ("biases-forgotten", by_name(("norm",))),
        ("biases-forgotten", by_name(("norm1", "norm2", "final_norm"))),
        ("biases-forgotten", by_name(("norm.weight", "norm1.weight", "norm2.weight"))),
        ("gains-forgotten", by_name(("bias",))),
        ("nothing-decays", plain(lambda axes, decay: np.zeros(axes.shape))),
        ("decay-exchanged", plain(lambda axes, decay: np.where(axes > 1, 0.0, decay))),
        ("two-axes-only", plain(lambda axes, decay: np.where(axes == 2, decay, 0.0))),
        ("row-forgotten", lambda axes, decay, names: np.where((axes > 1) & [name != ROW for name in names], decay, 0.0)),
    ],
    wrong(
        "clinic-weight-decay",
        decay_on_norms="Every parameter still decays. Decay pulls γ towards 0, and the norm after it cannot take that back.",
        biases_forgotten="The norms' own parameters are spared, other vectors are not. All vectors: gains and biases.",
        gains_forgotten="Biases are spared, gains are not. It is the γ of the norms that the report is about.",
        nothing_decays="Now nothing decays. Matrices should.",
        decay_exchanged="The two are exchanged: vectors decay and matrices do not. Vectors should not, matrices should.",
        two_axes_only="A weight with more than two axes, such as that of a convolution, does not decay. What is spared is a vector: one "
        "axis.",
        row_forgotten="A matrix of one row, such as the weight of a head with one output, does not decay. It has two axes, as every matrix has: "
        "`len(shape)`.",
        names_left_out="The dict lacks a name, or holds something that is no number. Every name has its decay; where nothing decays it is "
        "0.0.",
        size_for_axes="The choice goes by the number of entries. A long vector has more of them than a small matrix; what tells them apart is "
        "the number of axes, `len(shape)`.",
        names_for_shapes="The choice goes by parts of the names, which fails where a gain is called `gain` or a matrix belongs to a "
        "`normaliser`. What tells them apart is the shape: vectors do not decay, matrices do.",
    ),
    "names-for-shapes",
)
