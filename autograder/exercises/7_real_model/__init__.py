"""Hidden side of ``7_real_model``: references, cases, tolerances, checks and misconceptions.

The norms of the models. ``activations.npz`` holds, for each of the 13 norms of MiniLM and the 61 of SmolLM2, its
weights and what it was given for a few tokens of real text (``python -m tests.recorded_activations`` makes it). Which
tokens form a case is drawn from the course's secret. So no model is needed where one grades, and a norm that is
right in every place, on what stands there, gives the model's own output up to rounding.

Partial credit. Wide tokens with a spread of 3 to 6 and a tiny ε leave ε, the divisor and digits to checks of their own.

Tolerances, of outputs of order 1 to 10. float32 two-pass: 1e-5; allowed 1e-4, for sums taken one after another. At
an offset of 1e4 the mean of 64 features is off by up to 8e-3 of a spread of 1, 0.03 with weights up to 3: allowed
0.05. float16 and bfloat16 outputs may be rounded twice: 0.3 % and 1.6 %. Recorded places: SmolLM2 has features of
24,600 whose squares swamp the others; allowed are 1e-5 of the largest output and 1e-4 of each.

``fails`` is judged by norms that run here and answer its calls. Right ones are those of the contract: accurate to
1e-3 of the largest output for float32 features up to 1e4 and to 1e-2 for float16.
"""

from autograder.exercise import Topic
from autograder.exercises.norm_names import OPERATORS
from autograder.student import Rules

from .build_layernorm import BUILD_LAYERNORM
from .build_rmsnorm import BUILD_RMSNORM
from .fails import FAILS
from .quiz import QUIZ

PRELUDE = """import numpy as np
import torch

def course_norms(builder, parameters, calls):
    norms = [globals()[builder](*given) for given in parameters]
    return tuple(norms[i](x) for i, x in calls)

def course_fails(norm):
    def by_name(x, weight, bias, eps):
        return norm(x, weight, bias, eps)
    return fails(by_name)
"""

TOPIC = Topic(
    stem="7_real_model",
    exercises=(BUILD_LAYERNORM, BUILD_RMSNORM, FAILS),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("tensorflow", "keras", "jax", "flax", "transformers", "scipy", "onnx", "onnxruntime"),
        libraries=("torch",),
        operators=OPERATORS,
    ),
    prelude=PRELUDE,
)
