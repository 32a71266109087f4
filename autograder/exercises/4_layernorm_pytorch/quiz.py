"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_4_layernorm_pytorch",
    variable="answers",
    questions=(
        Question(
            "q1",
            "b",
            {
                "a": "The backward then has a subtraction and a product a feature less to do, which is next to nothing "
                "beside reading dy and writing dx.",
                "c": "Both give the same gradients to the last few digits; x̂ can be made again from x, mean and rstd.",
                "d": "mean and rstd are two numbers a row: 8 bytes a row in float32, against 4 bytes a feature for x̂.",
            },
            "what-to-save",
        ),
        Question(
            "q2",
            "d",
            {
                "a": "The zeros add nothing to the sum of features. But a surplus lane has the deviation 0 − mean, and "
                "its square is counted.",
                "b": "The mean is right: the zeros add nothing to the sum, and it is divided by n.",
                "c": "Dividing by BLOCK would count the surplus lanes as features, and make the mean wrong as well.",
            },
            "padding-trap",
        ),
        Question(
            "q3",
            "a",
            {
                "b": "A first derivative that was wrong would be found at any sensible tolerance; it is right.",
                "c": "The gradient of weight comes from the same saved numbers, and as a first derivative it is right.",
                "d": "Nothing is raised: to the second backward a saved tensor is a plain number: the trap.",
            },
            "gradcheck-double-backward",
        ),
        Question(
            "q4",
            "c",
            {
                "a": "There are about as many operations as before. They never were the limit: reading a number takes a GPU "
                "the time of dozens of them.",
                "b": "Both compute in float32; fusing changes hardly a digit.",
                "d": "weight and bias are read by both, and are small beside x.",
            },
            "bytes-not-operations",
        ),
        Question(
            "q5",
            "b",
            {
                "a": "bfloat16 has the range of float32. It is float16 that ends at 65,504.",
                "c": "The rounding error has nothing to do with ε: it is relative to the mean itself.",
                "d": "2⁻⁸ = 0.004 is relative precision. Of a mean of 100 it is a few tenths, beside a spread of 1.",
            },
            "low-precision",
        ),
    ),
)
