"""Hidden side of ``1_z_scores``: references, cases, tolerances, checks and misconceptions.

Partial credit. Integers, offsets, constant and very small scores, float32 and untouched inputs each
have a check of their own, and the other checks forgive them, so that one mistake costs one check.

Tolerances. An honest float64 computation of a spread, in whatever order, is good to about 1e-13 on
scores of moderate size: allowed are 1e-9. A z-score is of order one, and the smallest mistake that
the z checks must see, n − 1 for n at n = 12, changes it by 4 %; they allow 1e-4, so that a small ε in
the denominator is left to the check that is made for it. That one compares relatively, with 1e-4:
at scores of 1e-13 an ε above 1e-17 shows. At offset c the data is only known to an ulp of c, and
so is the mean: z is off by ulp(c)/σ times a small factor, about 1e-6 for a loop over 1000 scores at
1e8, and the spread by less. The offset checks allow 1e-4 for z and 1e-5 for a spread, where the
one-pass formula is wrong by the spread itself.
"""

from autograder.exercise import Topic
from autograder.exercises.norm_names import LIBRARIES
from autograder.student import Rules

from .quiz import QUIZ
from .running_mean_variance import RUNNING_MEAN_VARIANCE
from .standard_deviation import STANDARD_DEVIATION
from .z_scores import Z_SCORES
from .z_scores_by_row import Z_SCORES_BY_ROW

TOPIC = Topic(
    stem="1_z_scores",
    exercises=(STANDARD_DEVIATION, Z_SCORES, Z_SCORES_BY_ROW, RUNNING_MEAN_VARIANCE),
    quiz=QUIZ,
    rules=Rules(forbidden=("torch", "pandas", *LIBRARIES)),
)
