"""Hidden side of ``4_layernorm_pytorch``: references, cases, tolerances, checks and misconceptions.

Partial credit. Output, dx and the parameters' gradients are judged in checks of their own. Tokens have a spread of 3
to 6 and ε = 1e-5, so that whether ε is there, and where, changes a result by less than 2e-5: the plain cases allow
1e-4 and leave ε to its own check, and float64 computed in float32 to the check of exact float64. Dtypes, strides and
untouched inputs have checks of their own too. What PyTorch mends by itself is no mistake: autograd casts a gradient to
its input's dtype, and sums one of shape (..., d) to (d,).

Tolerances. A computation in float32 is right wherever the input is no float64.

- Plain cases: |dx| ≤ |dy·γ|/σ is of order 1, float32 over 20,000 features is off by about 1e-5. Allowed: 1e-4. The
  smallest error that they must see, d − 1 for d at d = 1000, is 5e-4 of x̂.
- Exact float64: rounding leaves 1e-14, float32 1e-7. Allowed: 1e-10.
- ε on a quiet token, σ = 1e-3, σ_ε = 3e-3 or 6e-3: gradients of a few hundred. Allowed: 1e-4 of them, and 0.03.
- Second derivatives, in float64 with ε = 0.1: allowed 1e-6 of values of order 1; the statistics' share is of order 0.1.
- Offset c in float32, spread 1: a mean of 24 features that is added up one by one is off by up to ulp(24·c)/2, which
  is 1e-3 at c = 1e3 and 8e-3 at 1e4, and results by a few times that. Allowed: 0.02 and 0.1. In one pass 1e4 leaves
  multiples of 8 for a variance of 1.
- float16 and bfloat16, which keep 11 and 8 bits: x̂, γ·x̂ and the sum may each be rounded. Allowed: 0.01 + 1 % and
  0.06 + 3 %. Statistics in bfloat16 at 100 ± 1 are off by up to 0.25.
- Autocast: a matrix product in bfloat16 over features around 5 is off by 0.01 and more. Allowed: 1e-3.
- Kernels compute in float32: 1e-4, as above. Of 16-bit rows dx is rounded, and the partial sums are not: 1e-3.
"""

from autograder.exercise import Topic
from autograder.exercises.norm_names import LIBRARIES, OPERATORS
from autograder.student import Rules

from .layernorm_backward_kernel import LAYERNORM_BACKWARD_KERNEL
from .layernorm_forward_kernel import LAYERNORM_FORWARD_KERNEL
from .layernorm_function import LAYERNORM_FUNCTION
from .layernorm_module import LAYERNORM_MODULE
from .quiz import QUIZ

TOPIC = Topic(
    stem="4_layernorm_pytorch",
    exercises=(LAYERNORM_FUNCTION, LAYERNORM_MODULE, LAYERNORM_FORWARD_KERNEL, LAYERNORM_BACKWARD_KERNEL),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("autograd", "apex", "flash_attn", *LIBRARIES),
        libraries=("torch", "triton"),
        operators=OPERATORS,
    ),
    prelude="import numpy as np\nimport torch\nimport triton\nimport triton.language as tl\nfrom torch import nn\n",
)
