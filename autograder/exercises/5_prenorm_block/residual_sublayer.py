"""``residual_sublayer``: cases, checks and misconceptions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder.exercise import Case, Check, Exercise
from autograder.exercises.block_parts import (
    GRADIENT,
    OUTPUTS,
    answer,
    bent,
    case,
    drawn,
    gain,
    judged_by,
    layer_norm,
    matrix,
    sent,
    stock_map,
    stock_norm,
    stream,
)
from autograder.exercises.misconceptions import common, in_section, named, random_acts
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student

from .parts import GRAPH_CUT

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

# x: the stream; f: the branch; n, o: the norm and the output norm; a: α.
PLACEMENTS = {
    "pre": lambda x, f, n, o, a: x + f(n(x)),
    "post": lambda x, f, n, o, a: n(x + f(x)),
    "res-post": lambda x, f, n, o, a: x + n(f(x)),
    "sandwich": lambda x, f, n, o, a: x + o(f(n(x))),
    "deepnorm": lambda x, f, n, o, a: n(a * x + f(x)),
    "none": lambda x, f, n, o, a: x + f(x),
}


# Those whose outermost step adds to the stream
ADDING = ("pre", "res-post", "sandwich", "none")
AFTER = " after"


def wired(wiring: dict[str, Callable]):
    """Return the forward pass of a sub-layer whose placements are wired as given; the others are right.

    wiring: also placement + AFTER: what becomes of its result, from that, x and α.
    """
    all_of_them = PLACEMENTS | wiring

    def forward(x, weight, gamma, beta, out_gamma, out_beta, placement, alpha):
        def branch(t):
            return bent(t, weight)

        def norm(t):
            return layer_norm(t, gamma, beta)

        def output_norm(t):
            return layer_norm(t, out_gamma, out_beta)

        y = all_of_them[placement](x, branch, norm, output_norm, alpha)
        return wiring[placement + AFTER](y, x, alpha) if placement + AFTER in wiring else y

    return forward


def imitation(**wiring):
    return judged_by(wired(wiring))


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


WIRINGS = [
    ("post-norm-for-pre-norm", {"pre": PLACEMENTS["post"]}),
    ("res-post-for-pre-norm", {"pre": PLACEMENTS["res-post"]}),
    ("normalised-residual", {"pre": lambda x, f, n, o, a: n(x) + f(n(x))}),
    ("pre-norm-for-post-norm", {"post": PLACEMENTS["pre"]}),
    *(("alpha-everywhere", {place + AFTER: lambda y, x, a: (a - 1) * x + y}) for place in ADDING),
    ("alpha-everywhere", {"post": PLACEMENTS["deepnorm"]}),
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
    *(("residual-missing", {place + AFTER: lambda y, x, a: y - x}) for place in ADDING),
    *(("residual-missing", {place: lambda x, f, n, o, a: n(f(x))}) for place in ("post", "deepnorm")),
    *(("norm-missing", {place: PLACEMENTS["none"]}) for place in ("pre", "post", "res-post", "sandwich", "deepnorm")),
    ("norm-missing", {"deepnorm": lambda x, f, n, o, a: a * x + f(x)}),
    *(("normalised-without-norm", {"none": PLACEMENTS[place]}) for place in ("pre", "post", "res-post")),
    *(("branch-missing", {place: lambda x, f, n, o, a: x}) for place in ("pre", "res-post", "sandwich", "none")),
    *(("branch-missing", {place: lambda x, f, n, o, a: x + n(x)}) for place in ("pre", "res-post")),
    ("branch-missing", {"sandwich": lambda x, f, n, o, a: x + o(n(x))}),
    ("branch-missing", {"post": lambda x, f, n, o, a: n(x)}),
    ("branch-missing", {"deepnorm": lambda x, f, n, o, a: n(a * x)}),
    *(("branch-subtracted", {place + AFTER: lambda y, x, a: 2 * x - y}) for place in ADDING),
    ("branch-subtracted", {"post": lambda x, f, n, o, a: n(x - f(x))}),
    ("branch-subtracted", {"deepnorm": lambda x, f, n, o, a: n(a * x - f(x))}),
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
    suspects=alone(imitation, WIRINGS)
    + tuple(
        suspect
        for place in ADDING
        for suspect in together(imitation, [(name, wiring) for name, wiring in WIRINGS if wiring.keys() <= {place, place + AFTER}])
    ),
    misconceptions=SUBLAYER_MISCONCEPTIONS,
)
