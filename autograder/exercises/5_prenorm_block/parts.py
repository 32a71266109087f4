"""What several exercises of this topic share."""

from autograder.exercise import Misconception

GRAPH_CUT = Misconception(
    "graph-cut",
    "The values are right, the gradient is not: somewhere `.detach()`, `.data`, `torch.no_grad()` or a way through NumPy "
    "cuts the graph, so that a path no longer learns.",
    "gradients-by-depth",
)
SAVED_IN_PLACE = Misconception(
    "saved-in-place",
    "An operation in place (`+=`, `-=`, `exp_()`) overwrites numbers that the gradient still needs. Make a new tensor: `x = x + …`.",
    "gradients-by-depth",
)
NORM_INSIDE = Misconception(
    "norm-inside",
    "Something is normalised inside: x, what is computed of it, or the result. The norm belongs to the block, which decides where it stands.",
    "pre-norm",
)
NORM_REPLACED = Misconception(
    "norm-replaced",
    "A LayerNorm without γ and β stands where the norms that were given belong. Call the modules themselves: they bring their own weights.",
    "block-spec",
)
NOT_REGISTERED = Misconception(
    "not-registered",
    "The module computes the right thing, but `parameters()` does not list its parts, so that an optimiser would never "
    "train them. Parts in a plain Python list are not seen: assign them as attributes, or use `nn.ModuleList`.",
    "block-spec",
)
