"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_3_layernorm_backward",
    variable="answers",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "Where γ = 1 the outputs of every token add up to zero (to Σβ), whatever x is, so even this loss has "
                "a definite gradient: zero. It needs no tolerance to be right.",
                "b": "The check does run, and every entry can be compared. What it compares is zero with zero.",
                "d": "dβ would be the number of tokens in every entry, and is found if wrong. It is dx that the test cannot see.",
            },
            "vacuous-tests",
        ),
        Question(
            "q2", "b",
            {
                "a": "Ten times the input has ten times the spread, and dx is divided by the spread.",
                "c": "The output ignores the scale of x, but its gradient does not: the same relative change of x is now "
                "ten times as large in absolute terms.",
                "d": "One factor of ten comes from σ. x̂ and g do not change, so there is no second one.",
            },
            "two-components",
        ),
        Question(
            "q3", "d",
            {
                "a": "Summing over the first axis alone leaves (16, 768), one gradient a position. Every position uses the same γ.",
                "b": "The last axis holds the features, each with a γ of its own. Their gradients are not added to one another.",
                "c": "A mean would divide by 128. If the loss is a mean over tokens, that factor is already in dy.",
            },
            "gradient-of-gamma-beta",
        ),
        Question(
            "q4", "a",
            {
                "b": "Truncation falls with h², but rounding grows as 1/h: with h = 1e-12 about four digits are left.",
                "c": "A step of 1e-2 is well above rounding, but the curvature costs about h² = 1e-4.",
                "d": "float32 has 7 digits; the difference of two nearly equal losses keeps few of them.",
            },
            "gradient-checking",
        ),
        Question(
            "q5", "c",
            {
                "a": "The component along x̂ goes in both: both outputs ignore the scale of a token (ε aside).",
                "b": "It is LayerNorm that removes both. RMSNorm's output does respond to a shift of all features.",
                "d": "r depends on every feature, so its path adds a term, as σ's does in LayerNorm.",
            },
            "rmsnorm-gradient",
        ),
    ),
)  # fmt: skip
