"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_5_prenorm_block",
    variable="answers",
    questions=(
        Question(
            "q1", "b",
            {
                "a": "That is post-norm with the feed-forward network only: the norm comes last, on the stream.",
                "c": "Here the addition comes before the branch has run; there is nothing yet to add.",
                "d": "That is res-post: the branch reads the raw stream, and its result is normalised before the addition.",
            },
            "pre-norm",
        ),
        Question(
            "q2", "d",
            {
                "a": "A smaller step helps any model to start, and leaves the path of the gradient as it is: through every norm.",
                "b": "A larger ε changes the norm of nearly constant tokens only.",
                "c": "Without residuals the gradient would have no direct way at all.",
            },
            "gradients-by-depth",
        ),
        Question(
            "q3", "c",
            {
                "a": "The stream has the shape (m, d) from the first block to the last; the norm is not about shapes.",
                "b": "Each block's norms stand on its branches. None of them touches the stream itself.",
                "d": "Softmax ignores a constant added to all logits, not their scale: a larger stream gives sharper predictions.",
            },
            "final-norm",
        ),
        Question(
            "q4", "a",
            {
                "b": "A linear branch tells them apart: W·LN(x) can have any size, while LN(W·x) has a root mean square of 1.",
                "c": "Another bent branch tells them apart as well: tanh(LN(x)) is no normalised vector.",
                "d": "Scaling the stream tells them apart: LN(x) does not notice, F(x) does.",
            },
            "telling-placements-apart",
        ),
        Question(
            "q5", "c",
            {
                "a": "The scale 1/√d_h is about the size of scores. The past would still change.",
                "b": "Zeroed weights are gone, but the others were divided by a sum that knows the future.",
                "d": "A mask of −∞ that includes the token itself leaves the first row empty: NaN.",
            },
            "causal-mask",
        ),
    ),
)  # fmt: skip
