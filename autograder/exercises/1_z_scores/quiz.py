"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_1_z_scores",
    variable="answers",
    questions=(
        Question(
            "q1", "b",
            {
                "a": "Adding 10 to every score moves the mean by 10 too; the deviations, and so their spread, stay.",
                "c": "The mean grows by 10 as well, so the distance of every score from it is what it was.",
                "d": "The squares are taken of the deviations, and these do not change at all.",
            },
            "what-z-keeps",
        ),
        Question(
            "q2", "c",
            {
                "a": "The mean of z is 0, whatever the scores were.",
                "b": "z divides by the standard deviation, so its own is 1, whatever it was before.",
                "d": "A shift and a positive scale make nothing bell-shaped: scores that are skewed have skewed z-scores.",
            },
            "what-z-keeps",
        ),
        Question(
            "q3", "a",
            {
                "b": "Neighbouring float64 numbers near 1e8 are about 1.5e-8 apart: the scores are told apart well enough. "
                "Their squares, near 1e16, are 2 apart.",
                "c": "Squares of 1e8 do not overflow in float64, whose range ends near 1e308. They run out of digits.",
                "d": "On paper the formula is the population variance, exactly. The rounding of its two large terms ruins it.",
            },
            "one-pass-loses-digits",
        ),
        Question(
            "q4", "d",
            {
                "a": "`axis=0` is the axis that disappears: this leaves one mean for each column.",
                "b": "Without an axis there is one mean for the whole table.",
                "c": "Without `keepdims` the means have shape (rows,), and NumPy lines them up with the columns.",
            },
            "rows-of-a-table",
        ),
    ),
)  # fmt: skip
