"""The quiz."""

from autograder.exercise import Question, Quiz

QUIZ = Quiz(
    name="quiz_6_block_clinic",
    variable="causes",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "A head that starts too large gives a loss that is wrong for every depth alike. Here it grows with depth.",
                "b": "Dropout in evaluation makes the loss noisy, not larger with depth.",
                "d": "Without norms in the blocks the branches would grow as well, and the loss explode, not grow like a root.",
            },
            "clinic-final-norm",
        ),
        Question(
            "q2", "a",
            {
                "b": "Sharing would leave one γ without a gradient. Here both have one.",
                "c": "At the start γ = 1: a decay has had no time to act.",
                "d": "The scale of attention's scores changes what a branch adds, not the size of the stream that passes it by.",
            },
            "clinic-norm-on-residual",
        ),
        Question(
            "q3", "d",
            {
                "a": "A frozen parameter has requires_grad = False; the log shows True.",
                "b": "A dead activation would silence the feed-forward network's weights as well.",
                "c": "A learning rate of zero for a group would still leave a gradient.",
            },
            "clinic-shared-norm",
        ),
        Question(
            "q4", "b",
            {
                "a": "Post-norm would pin the stream itself to a root mean square of 1, not what is added to it.",
                "c": "A missing residual would leave nothing of the input.",
                "d": "A large ε would give less than 1, and not the same figure for every token.",
            },
            "clinic-res-post",
        ),
        Question(
            "q5", "b",
            {
                "a": "Then the model would see the future at every length; here a single head is right.",
                "c": "Rotary positions act on queries and keys, before the heads are put together.",
                "d": "A wrong output map would be wrong with one head, too.",
            },
            "clinic-transpose",
        ),
        Question(
            "q6", "a",
            {
                "b": "Without a mask the last row would not be the only one that is right: no row would be.",
                "c": "A missing scale makes the weights sharper; they still add up to 1.",
                "d": "Over the wrong axis the columns would add up to 1, and here they do not either.",
            },
            "clinic-mask",
        ),
        Question(
            "q7", "d",
            {
                "a": "ε is 1e-5; a variance of −8 is no matter of ε.",
                "b": "An overflow gives inf. Squares of 1e4 are far from float32's end.",
                "c": "Dividing by d − 1 is off by the same small factor everywhere, at any offset.",
            },
            "clinic-one-pass",
        ),
        Question(
            "q8", "c",
            {
                "a": "Dropout is off in evaluation, and would not make the output depend on what was seen before.",
                "b": "Gradients are not needed for an output; no_grad changes no value.",
                "d": "The weights in the checkpoint are those of training: in training mode the same weights give the right loss.",
            },
            "clinic-eval-statistics",
        ),
        Question(
            "q9", "a",
            {
                "b": "A warm-up ends; here γ falls all the way, at a steady rate.",
                "c": "Gradients of γ are not zero: the fall is faster than what they explain.",
                "d": "Rounding in bfloat16 would stop small updates, not push γ down.",
            },
            "clinic-weight-decay",
        ),
        Question(
            "q10", "d",
            {
                "a": "bfloat16 has float32's range: nothing overflows at 100.",
                "b": "Beside a variance of 4 an ε of 1e-5 changes the output by a millionth, whether it is lost or not.",
                "c": "γ multiplies after the statistics; its rounding is below 1 % of each output.",
            },
            "clinic-bf16",
        ),
        Question(
            "q11", "b",
            {
                "a": "A wrong stride would read other tokens' features, with any width.",
                "c": "A race between threads gives other numbers at each run.",
                "d": "In float64 the figure is the same, so it is not rounding.",
            },
            "clinic-fusing",
        ),
    ),
)  # fmt: skip
