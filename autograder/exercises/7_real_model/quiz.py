"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_7_real_model",
    variable="answers",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "A perplexity of 1 means certainty: the right token always had probability 1.",
                "b": "ln V is the loss. The perplexity is its exponential.",
                "d": "Every token has probability 1/V, which is not 0: nothing is infinite.",
            },
            "what-breaks-what",
        ),
        Question(
            "q2", "b",
            {
                "a": "The header lists name, shape and dtype of each array.",
                "c": "γ and β are arrays like the others. What is not an array, such as ε, stands in the configuration.",
                "d": "The header lists it.",
            },
            "models-in-packages",
        ),
        Question(
            "q3", "d",
            {
                "a": "The function looks `p` up when it is called, not when it is made.",
                "b": "`p` still exists after the loop, with its last value.",
                "c": "One norm has one set of weights; it is the wrong one.",
            },
            "replacing-norms",
        ),
        Question(
            "q4", "c",
            {
                "a": "A wrong divisor did this. That it fell says how little the perplexity knows of one norm.",
                "b": "The model was trained with division by d. One text at 0.08 % is no reason to change a formula.",
                "d": "Four standard errors are well measured. It is the conclusion that fails.",
            },
            "unnoticed-mistakes",
        ),
    ),
)  # fmt: skip
