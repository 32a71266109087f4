"""Hidden side of ``2_layernorm_forward``: references, cases, tolerances, checks and misconceptions.

Partial credit. Tokens are drawn with a spread of at least 2 and ε = 1e-5, so that where ε stands, or
whether it is there, changes a value by less than 3e-5: the plain cases allow 1e-4 and leave ε to its
own check. The result's dtype and untouched inputs have checks of their own too.
The smallest error that the plain cases must see, d − 1 for d at d = 1000, is about 1e-3.

Tolerances. The contract asks for statistics in float32 or better, so a computation in float32
throughout is right, also for float64 input, and also as a loop that adds one feature after another.

- Plain cases: mean/spread ≤ 2, so a float32 loop over 1000 features is off by about 1e-5. Allowed: 1e-4.
- Offset c in float32, d features around c with spread 1: the loop rounds d partial sums of up to d·c
  to half an ulp each, so the mean is off by up to ulp(d·c)/2. At d = 64 that is 2e-3 for c = 1e3 and
  3e-2 for c = 1e4, and the output is off by that times γ ≤ 2. Allowed: 0.01 and 0.1. In one pass, 1e4
  leaves multiples of 8 for a variance of 1: x̂ is off by 0.6 at the very least, or NaN.
- float16: x̂, γ·x̂ and the sum may each be rounded to 11 bits: 0.01 at |y| ≤ 8. Allowed: 0.015 + 0.005·|y|.
"""

from autograder.exercise import Topic
from autograder.exercises.norm_names import LIBRARIES
from autograder.student import Rules

from .layernorm_forward import LAYERNORM_FORWARD
from .normalization_axes import NORMALIZATION_AXES
from .quiz import QUIZ
from .rmsnorm_forward import RMSNORM_FORWARD

TOPIC = Topic(
    stem="2_layernorm_forward",
    exercises=(LAYERNORM_FORWARD, RMSNORM_FORWARD, NORMALIZATION_AXES),
    quiz=QUIZ,
    rules=Rules(forbidden=("torch", *LIBRARIES)),
)
