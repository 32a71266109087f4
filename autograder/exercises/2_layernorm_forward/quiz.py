"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_2_layernorm_forward",
    variable="answers",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "768 is the number of γs, and of means in batch norm: one a feature. LayerNorm has one a token.",
                "b": "8 means would be one a sequence: the positions of a sequence do not share a mean in LayerNorm.",
                "d": "A single mean for the whole array would let every token depend on every other.",
            },
            "which-axes",
        ),
        Question(
            "q2", "d",
            {
                "a": "The variance of x̂ is σ²/(σ² + ε); it is near 1 only while σ² is much larger than ε, and here it is "
                "ten times smaller.",
                "b": "One half is where σ² equals ε. Here ε is ten times σ².",
                "c": "0.30 is the standard deviation, the root of σ²/(σ² + ε). Asked for is the variance.",
            },
            "epsilon",
        ),
        Question(
            "q3", "b",
            {
                "a": "NaN needs 0/0 or ∞/∞. The deviations are finite; only their squares overflow.",
                "c": "Rounding to 11 bits is the smaller trouble: 300² = 90,000 lies beyond float16's range.",
                "d": "The variance is infinite and stands below the fraction bar: finite over infinite is 0.",
            },
            "forward-numerics",
        ),
        Question(
            "q4", "a",
            {
                "b": "With statistics over the batch a token's output differs visibly at any width.",
                "c": "γ and β before normalising change every feature by a factor of its own, at any width.",
                "d": "RMSNorm differs from LayerNorm by the mean; with a mean of about 2 that is no matter of 0.1 %.",
            },
            "layernorm-equation",
        ),
        Question(
            "q5", "b",
            {
                "a": "A spread of 1 fixes σ, but mean(x²) = σ² + μ² also holds the mean.",
                "c": "Positive features have a positive mean: the two differ.",
                "d": "On a constant token LayerNorm gives 0, RMSNorm ±1.",
            },
            "rmsnorm",
        ),
    ),
)  # fmt: skip
