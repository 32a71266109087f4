"""Hidden side of ``3_layernorm_backward``: references, cases, tolerances, checks and misconceptions.

Partial credit. dx and the gradients of the parameters are judged in checks of their own, and sizes, ε
and offsets through dx alone. Tokens have a spread of 3 to 6 and ε = 1e-5, so that whether ε is there,
and where, changes a gradient by less than 2e-5: the plain cases allow 1e-4 and leave ε to its own
check. The smallest error that they must see, d − 1 for d at d = 1000, is 5e-4 of x̂, summed over tokens.
The result's dtype and untouched inputs have checks of their own too.

Tolerances. A computation in float32 throughout is right, also as a loop that adds one feature after another.

- Plain cases: |dx| ≤ |dy·γ|/σ is of order 1, a float32 loop over 1000 features is off by about 1e-5. Allowed: 1e-4.
- ε on a quiet token, σ = 1e-3, σ_ε = 3e-3 or 6e-3: gradients of a few hundred. Allowed: 1e-4 of them, and 0.03;
  without ε they would be three to six times as large.
- Offset c in float32, 24 features around c with spread 1: a loop rounds partial sums of up to 24·c to half an ulp
  each, so the mean is off by up to ulp(24·c)/2 = 1e-3 at c = 1e3 and 8e-3 at 1e4, and dx by that times |g|, about 2.
  Allowed: 0.01 and 0.05. In one pass 1e4 leaves multiples of 8 for a variance of 1.
- float16: x̂, dy·x̂ and the result may each be rounded to 11 bits, four tokens of size up to 9 summed. Allowed: 0.05 + 1 %.
- Numerical gradient. The reference is the central difference itself, at the case's own h. With h = 1e-5 float64
  rounding leaves about u·|L|/h ≤ 1e-8. The plain cases allow 1e-3, where forward differences and any reasonable
  fixed h pass; curved functions (1e-5) and h itself, large or left out (1e-7), have checks of their own. In float32
  nothing of a step of 1e-5 is left at x = 50, whose ulp is 4e-6.
"""

from autograder.exercise import Topic
from autograder.exercises.norm_names import LIBRARIES
from autograder.student import Rules

from .layernorm_backward import LAYERNORM_BACKWARD
from .numerical_gradient import NUMERICAL_GRADIENT
from .quiz import QUIZ
from .rmsnorm_backward import RMSNORM_BACKWARD

TOPIC = Topic(
    stem="3_layernorm_backward",
    exercises=(NUMERICAL_GRADIENT, LAYERNORM_BACKWARD, RMSNORM_BACKWARD),
    quiz=QUIZ,
    rules=Rules(forbidden=("torch", "autograd", "numdifftools", *LIBRARIES)),
)
