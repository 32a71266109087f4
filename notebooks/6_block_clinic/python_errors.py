"""What the errors of Python, NumPy and PyTorch mean to someone who writes these exercises.

The judge and the cards that students see say the same, so this file is released to students too. It needs the
standard library only.
"""

import builtins
import re
import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """What a kind of error says about the code.

    name: its short name, for the class report.
    section: where the book explains it: "page.html#label".
    pattern: a regular expression that is found in "Type: message".
    hint: what a student reads who got it.
    """

    name: str
    section: str
    pattern: str
    hint: str


SHAPES = "python_errors.html#error-shapes"
VALUES = "python_errors.html#error-values"
NAMES = "python_errors.html#error-names"
NUMBERS = "python_errors.html#error-numbers"
GRADIENTS = "python_errors.html#error-gradients"
READING = "python_errors.html#error-reading"
KERNELS = "4_layernorm_pytorch.html#triton-forward"
COMPILER = "4_layernorm_pytorch.html#without-a-gpu"

_TORCHS_METHODS = "unsqueeze|to|float|double|half|clone|detach|rsqrt|pow|permute|masked_fill|expand|softmax|numel|type_as|contiguous"
# By the compiler: in one sentence, or on a GPU with the kernel's lines before it.
_REFUSED = r"(?s)(CompilationError|UnsupportedLanguageConstruct): .*"
_PYTHONS_FUNCTIONS = "|".join(name for name in dir(builtins) if name[0] != "_")
_NUMPYS_FUNCTIONS = "sqrt|square|abs|absolute|exp|log|power|maximum|minimum|where|isclose|median|average"

# The first that fits is told, so the special ones stand before the general ones.
MEANINGS = (
    Meaning(
        "global-in-kernel",
        COMPILER,
        _REFUSED + "Cannot access global variable",
        "Triton's interpreter sees the notebook's variables; a compiled kernel sees its arguments alone. Hand the number in as "
        "an argument, or make it a constant of the compiler: `EPS = tl.constexpr(1e-5)`.",
    ),
    Meaning(
        "plain-function-in-kernel",
        COMPILER,
        r"Unsupported function referenced",
        "Triton's interpreter calls every function; a compiled kernel calls those of `tl` and other kernels alone. Put `@triton.jit` "
        "above a function of your own that it calls.",
    ),
    Meaning(
        "without-tl",
        COMPILER,
        r"Did you forget to add @triton\.jit",
        "Inside of a kernel Triton's functions are called by their names in `tl`: `tl.load(…)`, `tl.cdiv(n, BLOCK)`. Those of "
        "`triton` itself, such as `triton.cdiv`, are for the code around it, and the interpreter knows none by another name.",
    ),
    Meaning(
        "text-in-kernel",
        COMPILER,
        r"is not string|Cannot evaluate f-string|device_print\(\) got|<class 'str'> to tensor|'str' object has no attribute 'type'",
        "In a kernel a text stands where it is used, as it is: no variable holds it, and it is no f-string. `print` begins with a "
        "text, and numbers or blocks follow: `print(\"row\", row)`.",
    ),
    Meaning(
        "two-names-at-once",
        COMPILER,
        r"[Mm]ultiple assignments? (is|are) not supported",
        "Triton knows no `a = b = …`. Write one line for each name.",
    ),
    Meaning(
        "type-changes-in-kernel",
        COMPILER,
        _REFUSED + "(Loop.carried variable|[Mm]ismatch|inconsistent types|redefines it as)",
        "For the compiler a variable has one type, all through a loop and in both branches of an `if`, and so has what a function "
        "gives. A sum of blocks begins as a "
        "block, `tl.zeros([BLOCK], tl.float32)`, not as `0` or `0.0`; and where an `if` chooses for each lane, `tl.where` does it.",
    ),
    Meaning(
        "loop-left-early",
        COMPILER,
        _REFUSED + "(AST node type: (Break|Continue)|`return` statements inside)",
        "A compiled loop runs to its end: no `break`, `continue` or `return` in it. Let the range say which rows there are, or "
        "put what is to be left out under an `if`.",
    ),
    Meaning(
        "comparisons-in-a-chain",
        COMPILER,
        _REFUSED + "multiple comparison",
        "The compiler knows no chain of comparisons. Write two of them, and join with `&`: `(0 <= columns) & (columns < n)`.",
    ),
    Meaning(
        "block-in-condition",
        COMPILER,
        _REFUSED + "Boolean value of Tensor",
        "`if`, `while` and `… if … else …` decide once for the whole program, and a block has a yes or no for each lane. "
        "`tl.where(condition, a, b)` chooses lane by lane.",
    ),
    Meaning(
        "number-in-condition",
        COMPILER,
        _REFUSED + "Cannot bitcast data-type of size .* to data-type of size 1",
        "For the compiler `not`, `and` and `or` want a yes or no, and no number is one. Compare: `row == 0` in place of `not row`.",
    ),
    Meaning(
        "name-of-a-branch",
        COMPILER,
        _REFUSED + rf"(?!\b({_PYTHONS_FUNCTIONS}) )\b\w+ is not defined",
        "For the compiler nothing has this name here. One that begins inside of an `if` or a loop ends there, because it can't know "
        "whether that will be run. Give it a value of the same type before: `total = tl.zeros([BLOCK], tl.float32)`.",
    ),
    Meaning(
        "known-only-at-run-time",
        COMPILER,
        _REFUSED + r"((int|float)\(\) argument|not a constexpr|determined at compile-time|'tensor' object cannot be interpreted|tensor'> to tensor)",
        "When a kernel is compiled, only its `tl.constexpr` arguments are known, and `float(…)`, `int(…)`, `tl.static_range` and "
        "`tl.static_assert` want such a number. Others come when it runs: `n.to(tl.float32)` converts one, `range(n)` counts to it.",
    ),
    Meaning(
        "fraction-in-range",
        COMPILER,
        _REFUSED + "For loop bounds and step must all be ints",
        "`range` counts in whole numbers, and `/` gives a fraction, even of 4 and 2. `n // BLOCK` rounds down, and "
        "`tl.cdiv(n, BLOCK)` up.",
    ),
    Meaning(
        "block-of-unknown-length",
        KERNELS,
        r"must be of type tl\.constexpr|must have type `constexpr|must be a power of 2",
        "A block has a length that is fixed when the kernel is compiled, a power of two: `tl.arange(0, BLOCK)`, "
        "`tl.zeros([BLOCK], tl.float32)`, with `BLOCK: tl.constexpr` in the line `def`. The length of the row is known only when it runs; the mask `columns < n` cuts the block to it.",
    ),
    Meaning(
        "block-of-one-axis",
        KERNELS,
        r"axis \d+ out of bounds for shape",
        "A block that `tl.arange` has made has one axis: `tl.sum(…, axis=0)`.",
    ),
    Meaning(
        "address-for-value",
        KERNELS,
        r"Unsupported ptr type|cannot add pointers|invalid operands of type pointer|cannot be block type if pointer|argument to have shape",
        "Addresses and values are mixed up. An address is a pointer plus whole numbers, a block of addresses a pointer plus a block "
        "of them: `x + columns`. `tl.load` takes addresses and gives values; `tl.store` takes first addresses, then values, of the same shape.",
    ),
    Meaning(
        "integers-in-kernel",
        KERNELS,
        r"Expected dtype \['fp32'",
        "`tl.sqrt` and its like take floating-point numbers. Convert first: `.to(tl.float32)`.",
    ),
    Meaning(
        "torch-in-kernel",
        KERNELS,
        r"'torch\.dtype' object has no attribute|has no attribute 'scalar'|: 'dtype' object is not callable",
        "A kernel has Triton's own types, and `.to(…)` converts: `.to(tl.float32)`. `torch.float32`, `np.float32`, `float` and a "
        "text such as `'float32'` are none of them, and none is called like a function.",
    ),
    Meaning(
        "number-for-block",
        KERNELS,
        r"'(int|float)' object has no attribute '(to|type|cast)'",
        "This is a plain Python number, which has no `.to`. `tl.cast(0.5, tl.float32)` makes a number of Triton's of it, and "
        "`tl.full([BLOCK], 0.5, tl.float32)` a block.",
    ),
    Meaning(
        "none-in-kernel",
        KERNELS,
        r"'NoneType' object has no attribute 'type'|None of type <class 'NoneType'> to tensor|(?s:CompilationError: .*'NoneType')",
        "Something in the kernel is None: what was to get its value inside of an `if`, what a function of your own gives that ends "
        "without `return`, or, in Triton's interpreter, any function of `libdevice`. The usual ones are in `tl`, too: `tl.rsqrt`.",
    ),
    Meaning(
        "tuned-without-gpu",
        KERNELS,
        r"0 active drivers",
        "Triton looked for a GPU, and there is none. `@triton.autotune` with several configurations times them on one: leave "
        "it out, or give it a single configuration.",
    ),
    Meaning(
        "pythons-own-function",
        NAMES,
        # by Python up to 3.12, and from 3.13 on
        r"'(axis|dim|keepdims?)' is an invalid keyword argument for (sum|max|min)\(\)|\b(sum|max|min)\(\) got an unexpected keyword argument 'axis'",
        "Python's own `sum`, `max` and `min` know no axis. Those of NumPy and PyTorch do: `np.sum(x, axis=…)`, or the method `x.sum(axis=…)`.",
    ),
    Meaning(
        "numpy-or-torch",
        NAMES,
        r"unexpected keyword argument '(dim|keepdim|unbiased|correction|axis|keepdims|ddof)'"
        r"|(invalid combination of arguments - got \([^)]*(axis|keepdims|ddof|numpy.ndarray)\b)"
        r"|must be Tensor, not (numpy|ndarray)|to\(\) received an invalid combination of arguments - got \((type|numpy)|Cannot interpret 'torch\.|must be torch\.dtype"
        r"|'Tensor' object has no attribute '(astype|copy)'"
        rf"|'numpy.ndarray' object has no attribute '({_TORCHS_METHODS})'"
        r"|module 'numpy' has no attribute '(rsqrt|cat|tensor)'|Type must be a sub-type of ndarray",
        "NumPy's words and PyTorch's are mixed. Where NumPy says `axis`, `keepdims`, `ddof=0`, `x.astype(…)`, `x.copy()` and "
        "`x.reshape(…)`, PyTorch says `dim`, `keepdim`, `correction=0`, `x.to(…)`, `x.clone()` and `x.view(…)`; an array of the one is no tensor of the other. "
        "Triton says `axis` and `keep_dims`.",
    ),
    Meaning(
        "python-in-kernel",
        COMPILER,
        _REFUSED,
        "Triton's interpreter runs this because Python does. A GPU's compiler knows a small part of Python: numbers and blocks, "
        "`+ − * /`, comparisons, `if`, `for … in range(…)`, `while`, and the functions of `tl` and of your own kernels. Lists that "
        "change, dicts, `in`, `lambda`, a `def` inside, `try`, texts, and the functions of Python, NumPy, PyTorch and `math` are not in it.",
    ),
    Meaning(
        "einsum-letters",
        SHAPES,
        r"einsum|einstein sum",
        "In `einsum` each letter is an axis. Every array has a group of letters, one for each of its axes; the same letter stands for the "
        "same length; behind the arrow stand letters that came before it.",
    ),
    Meaning(
        "joined-shapes",
        SHAPES,
        r"must have (the )?same (number of dimensions|shape)|Sizes of tensors must match except|to be equal size|except for the concatenation axis",
        "`np.concatenate` and `torch.cat` join along an axis that is there: in all other axes the lengths must agree. `stack` makes a "
        "new axis: all shapes must be the same.",
    ),
    Meaning(
        "arrays-in-one-tuple",
        SHAPES,
        r"must be tuple of Tensors, not Tensor|only integer scalar arrays",
        "An array stands where a whole number belongs: an axis, a position, a length. What joins arrays takes them as one tuple or list, "
        "`np.concatenate((a, b))`, `torch.cat((a, b))`; the axis comes after it.",
    ),
    Meaning(
        "normalized-shape",
        SHAPES,
        r"Given normalized_shape|'normalized_shape' .* must be tuple of ints",
        "`normalized_shape` is a tuple of the last lengths of x, one for each axis over which the mean is taken: `(x.shape[-1],)` for the "
        "last axis alone. This x ends in other lengths.",
    ),
    Meaning(
        "shapes-clash",
        SHAPES,
        r"could not be broadcast|must match the size of tensor|expanded size of the tensor|incompatible dimensions|match the broadcast shape|expand\(.*number of sizes",
        "Two shapes do not line up. They are compared from the right: two lengths must be equal, or one of them 1. Whoever "
        "takes a mean over an axis loses that axis; `keepdims=True` (in PyTorch `keepdim=True`) keeps it, with length 1.",
    ),
    Meaning(
        "product-shapes",
        SHAPES,
        r"shapes cannot be multiplied|mismatch in its core dimension|batch[12] must be|first two dimensions of batch2|shapes .* not aligned",
        "In `a @ b` the last axis of `a` must be as long as the last but one of `b`. Print both shapes: one of the two may "
        "have to be transposed, or they stand in the wrong order.",
    ),
    Meaning(
        "row-for-number",
        SHAPES,
        r"setting an array element with a sequence|expected sequence of length",
        "Every place of an array holds one number, and all its rows are equally long. Here a row was put into one place, or rows "
        "of unlike length into one array.",
    ),
    Meaning(
        "no-such-axis",
        SHAPES,
        r"AxisError|Dimension out of range|too many indices(?! for array: array is 0-dim)|axes don't match|number of dimensions in the tensor input does not|at least 2 dimensions",
        "The array has fewer axes than the code counts on. Count from the end: `-1` is the last axis, whatever stands before "
        "it, and in an index `...` stands for all the others.",
    ),
    Meaning(
        "no-such-position",
        SHAPES,
        r"IndexError: .*(out of range|out of bounds)",
        "The positions of n things run from 0 to n − 1 (or from −n to −1), and here one was asked for that lies outside. "
        "Look at how far the loop runs, and whether something can be empty. (`x.size` counts the entries along all axes, `x[i]` goes along "
        "the first.)",
    ),
    Meaning(
        "array-in-condition",
        VALUES,
        r"truth value of an array|Boolean value of Tensor",
        "`if`, `while`, `and`, `or` and `not` want a single yes or no, and this is one for each entry. Choose entry by entry "
        "with `np.where` (`torch.where`), join with `&` and `|`, or ask for `.any()` or `.all()`.",
    ),
    Meaning(
        "number-from-array",
        VALUES,
        r"can be converted to Python scalars|can only convert an array of size 1|cannot be converted to Scalar",
        "`math.sqrt`, `float` and `.item()` take one number, and this is an array of several. NumPy's and PyTorch's own "
        "functions, such as `np.sqrt` and `torch.sqrt`, work entry by entry.",
    ),
    Meaning(
        "tensor-from-number",
        VALUES,
        r"argument 'input' \(position 1\) must be Tensor, not (float|int)",
        "`torch.sqrt` and its like take a tensor, and this is a plain Python number. For a number write `** 0.5` or `math.sqrt`.",
    ),
    Meaning(
        "function-not-method",
        NAMES,
        rf"'(numpy\.ndarray|numpy\.float64|float)' object has no attribute '({_NUMPYS_FUNCTIONS})'",
        "NumPy has this as a function, not as something that an array can do: `np.sqrt(x)`, not `x.sqrt()`.",
    ),
    Meaning(
        "module-not-begun",
        GRADIENTS,
        r"before Module\.__init__\(\) call|'__init__' of 'super' object needs an argument",
        "A module begins with `super().__init__()`, with brackets behind `super`: the first line of its `__init__`, before any parameter.",
    ),
    Meaning(
        "not-kept-for-backward",
        GRADIENTS,
        r"Backward' object has no attribute|'saved_tensors' of .* not writable",
        "The backward pass finds on `ctx` only what the forward pass put there: tensors by `ctx.save_for_backward(…)`, "
        "plain numbers as `ctx.eps = eps`.",
    ),
    Meaning(
        "none-for-value",
        VALUES,
        r"NoneType",
        "Something is None where a value is needed. A function that ends without `return` gives None, and an argument that "
        "may be left out is None when it was.",
    ),
    Meaning(
        "function-not-called",
        NAMES,
        r"'(builtin_function_or_method|method|function)'",
        "A function stands here itself, not what it gives: its brackets are missing, as in `x.size()`.",
    ),
    Meaning(
        "list-for-array",
        VALUES,
        r"'(list|tuple)' object has no attribute|unsupported operand type\(s\) for .*'(list|tuple)'",
        "A list or tuple does not calculate. Make an array of it, `np.asarray(values, dtype=float)`, or take out of a tuple "
        "the part that is meant.",
    ),
    Meaning(
        "stream-is-no-list",
        VALUES,
        r"generator",
        "A stream has no length, no positions and no second time: take its values one after the other, in one `for` loop.",
    ),
    Meaning(
        "number-for-array",
        VALUES,
        r"'(float|int|numpy\.float64|numpy\.float32)' object (is not (subscriptable|iterable)|has no attribute 'shape')"
        r"|has no len\(\)|index of a 0-dim|cannot unpack non-iterable (float|int|numpy\.float64)|iteration over a 0-d|array is 0-dim|index to scalar variable|len\(\) of unsized",
        "This is one number, and the code treats it as a row of them. Look at where it was made: a `sum` or `mean` without an "
        "axis gives one number for the whole array.",
    ),
    Meaning(
        "forward-missing",
        NAMES,
        r'missing the required "forward" function|must implement the forward function',
        "Calling a module calls its `forward`, and this one has none. Its name may be misspelt, or this is an `nn.ModuleList`: a "
        "list of modules, to be called one after the other in a loop.",
    ),
    Meaning(
        "list-of-modules",
        NAMES,
        r"is not a Module subclass",
        "`nn.Sequential` takes its modules one by one, `nn.Sequential(*layers)`, and `nn.ModuleList` one list of them. Both hold "
        "modules, not functions.",
    ),
    Meaning(
        "library-not-here",
        NAMES,
        r"No module named",
        "No library of this name is installed. Compare the spelling; or this exercise does without it, and what the first cell of the "
        "notebook imports is enough.",
    ),
    Meaning(
        "function-not-applied",
        GRADIENTS,
        r"Legacy autograd function",
        "A `torch.autograd.Function` is not made and not called: `LayerNormFunction.apply(x, …)` runs its `forward`.",
    ),
    Meaning(
        "no-such-key",
        VALUES,
        r"KeyError: ",
        "The dictionary holds nothing under this name. Compare with the place where it is filled; `print(list(cache))` shows what is there.",
    ),
    Meaning(
        "no-gpu-here",
        NAMES,
        r"not compiled with (CUDA|XPU)|Found no NVIDIA driver|No CUDA GPUs|on the same device|not on the expected device",
        "Tensors that meet must be on one device, and here may be no GPU. Make new tensors where the input is: "
        "`torch.zeros(n, device=x.device)`, `x.new_zeros(n)`.",
    ),
    Meaning(
        "not-a-function",
        NAMES,
        r"object is not callable",
        "Round brackets after something call it, and this is no function. Either square brackets belong here (`x.shape[0]`), or "
        "a `*` is missing, or one of your variables took the name of a function (`sum = …`).",
    ),
    Meaning(
        "wrong-unpacking",
        VALUES,
        r"values to unpack|cannot unpack",
        "Left of the `=` stand more names, or fewer, than there are things on the right. Compare with what was put there: what "
        "the function returns, or what the cache holds, and in which order. A shape has as many entries as there are axes: "
        "`*lead, m, d = x.shape` takes any number, and `x.shape[-1]` is the last.",
    ),
    Meaning(
        "only-tensors-saved",
        GRADIENTS,
        r"save_for_backward can only save",
        "`ctx.save_for_backward` keeps tensors alone. Plain numbers go on `ctx` itself: `ctx.eps = eps`.",
    ),
    Meaning(
        "gradient-no-tensor",
        GRADIENTS,
        r"expected Variable or None",
        "`backward` returns tensors, and None for what has no gradient. A plain number or a NumPy array is neither.",
    ),
    Meaning(
        "gradient-of-many",
        GRADIENTS,
        r"implicitly created only for scalar outputs|Mismatch in shape: grad_output",
        "`backward()` begins at one number. From many numbers y it needs dy, of the shape of y: `y.backward(dy)`, or the same in another "
        "form, `(y * dy).sum().backward()`.",
    ),
    Meaning(
        "tensor-for-parameter",
        GRADIENTS,
        r"as parameter '.*' \(torch\.nn\.Parameter",
        "Where a module has a parameter, only a parameter may be put: `nn.Parameter(values)`. To change its numbers, write into it under "
        "`torch.no_grad()`: `weight.copy_(values)`.",
    ),
    Meaning(
        "gradient-count",
        GRADIENTS,
        r"returned an incorrect number of gradients|returned a gradient different than None",
        "`backward` returns one thing for each argument of `forward`, in the same order, and None for what has no gradient, "
        "such as eps.",
    ),
    Meaning(
        "gradient-shape",
        GRADIENTS,
        r"returned an invalid gradient at index",
        "A gradient has the shape of what it is the gradient of. A parameter of shape (d,) served every token, so its gradient "
        "is a sum over all axes but the last.",
    ),
    Meaning(
        "leaf-in-place",
        GRADIENTS,
        r"leaf Variable that requires grad",
        "`x -= …` and `x[...] = …` write into the caller's tensor, and this one is to get a gradient. Make a new one: `x = x - …`.",
    ),
    Meaning(
        "saved-in-place",
        GRADIENTS,
        r"modified by an inplace operation",
        "A tensor that the gradient still needs was overwritten by an operation such as `-=`. Make a new one: `x = x - …`.",
    ),
    Meaning(
        "graph-cut",
        GRADIENTS,
        r"does not require grad and does not have a grad_fn|Can't call numpy\(\) on Tensor that requires grad"
        r"|appears to not have been used in the graph|differentiated Tensors does not require grad",
        "Autograd sees no way from the result back to its input. `.detach()`, `.item()`, `.data`, NumPy, `torch.tensor(…)` and "
        "`no_grad` cut the way; stay with PyTorch's operations on the tensors themselves.",
    ),
    Meaning(
        "differentiable-once",
        GRADIENTS,
        r"once_differentiable",
        "`once_differentiable` forbids the gradient of the gradient. Take it away: a backward pass made of PyTorch's operations "
        "can be differentiated itself.",
    ),
    Meaning(
        "graph-used-up",
        GRADIENTS,
        r"backward through the graph a second time",
        "What was saved for the backward pass is freed once it has been used. Keep no tensor with a graph from one call to the next.",
    ),
    Meaning(
        "integers-for-fractions",
        NUMBERS,
        r"Cannot cast ufunc|can't be cast to the desired output type|could not infer output dtype|not implemented for '(Long|Int|Short|Byte)'"
        r"|[Oo]nly (Tensors of|support) floating point|Expected a floating point",
        "An array of integers can't hold fractions. Convert first, `x.astype(float)` (in PyTorch `x.float()`), and make a new array "
        "in place of `-=` and its like, which write into the old one.",
    ),
    Meaning(
        "dtypes-differ",
        NUMBERS,
        r"have (the )?same dtype|expected scalar type|expected m1 and m2|mixed dtype|share same datatype|dtypes must be the same|but got dtype"
        r"|source and destination dtypes match",
        "Here PyTorch wants one dtype: on both sides of a matrix product, for the input and the parameters of `F.layer_norm` and its like, "
        "on both sides of `y[mask] = …`. Convert one of them: `w.to(x.dtype)`.",
    ),
    Meaning(
        "view-of-scattered",
        SHAPES,
        r"view size is not compatible",
        "`.view` needs the numbers side by side in memory, and after a transpose they are not. `.reshape` copies where it must.",
    ),
    Meaning(
        "reshape-count",
        SHAPES,
        r"is invalid for input of size|cannot reshape array|only one dimension can be inferred|only specify one unknown|don't multiply up",
        "A reshape keeps the number of entries, so the product of the lengths must stay the same. One of them may be −1 and is worked out.",
    ),
    Meaning(
        "caret-for-power",
        NUMBERS,
        r"ufunc 'bitwise_xor'|\"bitwise_xor_\w+\" not implemented|for \^=?:",
        "`^` is no power in Python, it compares bits. A square is `x ** 2`.",
    ),
    Meaning(
        "fractions-in-brackets",
        NUMBERS,
        r"used as indices must be",
        "Behind a name, `[…]` takes places, which are whole numbers, or a mask of True and False; here it was given an array of fractions. "
        "`for row in x` gives the rows themselves, not their places: for these write `for i in range(len(x))`. A mask comes from a "
        "comparison: `x[x > 0]`.",
    ),
    Meaning(
        "mask-not-boolean",
        NUMBERS,
        r"only supports boolean masks|to be a boolean tensor|invert\) is only implemented|\"bitwise_\w+\" not implemented"
        r"|ufunc '(bitwise_\w+|invert)'|attn_mask dtype",
        "A mask holds True and False. Compare (`weights == 0`) or convert: `mask.bool()`, in NumPy `mask.astype(bool)`. `&`, `|` and `~` are for "
        "such masks, and bind closer than comparisons: `(a > 0) & (b > 0)`.",
    ),
    Meaning(
        "booleans-subtracted",
        NUMBERS,
        r"(Subtraction|Negation|boolean subtract|boolean negative), the `-` operator",
        "True and False can't be subtracted. The other way round is `~mask`; to calculate, convert first: `mask.float()`, in NumPy "
        "`mask.astype(float)`.",
    ),
    Meaning(
        "fractions-for-positions",
        NUMBERS,
        r"argument #1 'indices'|int32/int64 for index|expected target dtype to be Long",
        "Tokens, positions and classes are whole numbers, and here they came as fractions: `ids.long()`, or `dtype=torch.long` where they are made.",
    ),
    Meaning(
        "taken-for-dtype",
        NUMBERS,
        r"Cannot interpret '(\d+|True|False|None)' as a data type|data type .* not understood",
        "The argument in this place is the dtype. A shape is one tuple, `np.zeros((3, 4))`, and an option goes by its name, "
        "`keepdims=True`.",
    ),
    Meaning(
        "fraction-for-integer",
        NUMBERS,
        r"cannot be interpreted as an integer|integer argument expected|only integers, slices|expected a sequence of integers"
        r"|must be tuple of ints|(view|reshape)\(\) received an invalid combination of arguments - got \([^)]*float",
        "A whole number is needed here. `/` always gives a fraction, even 4/2; `//` gives the whole number. And `for x in scores` "
        "gives the scores themselves, not their places: use `x`, not `scores[x]`.",
    ),
    Meaning(
        "unknown-name",
        NAMES,
        r"NameError: name",
        "Where this line runs, Python knows no such name. It may be spelt in another way where it is made, or stand in a cell that "
        "was changed or deleted. “Restart Kernel and Run All Cells” shows the same.",
    ),
    Meaning(
        "no-value-yet",
        NAMES,
        r"UnboundLocalError",
        "What a function assigns to anywhere is its own variable, and this one is read before it has a value: the branch that "
        "would give it one was not taken, or it was meant to be a variable from outside.",
    ),
    Meaning(
        "wrong-arguments",
        NAMES,
        r"unexpected keyword argument|required (keyword-only |positional )?argument|positional arguments? but|invalid keyword argument|takes no keyword arguments|takes at most \d+ argument|multiple values for argument"
        r"|invalid combination of arguments",
        "A call and the function it calls do not agree about the arguments. Compare their names, number and order; in your own "
        "function keep the line `def …` as the exercise gives it (a method's first parameter is `self`, a Function's is `ctx`).",
    ),
    Meaning(
        "divided-by-zero",
        NUMBERS,
        r"ZeroDivisionError|math domain error|ValueError: expected a (nonnegative|positive) input",
        "A plain Python number was divided by 0, or the root of a negative one taken. Ask what is 0 here: an empty row, a spread "
        "of equal values (the exercise says what such an input gives), a count? `enumerate` counts from 0.",
    ),
    Meaning(
        "endless-recursion",
        NAMES,
        r"RecursionError",
        "The function calls itself without end. A helper of the same name may have taken its place.",
    ),
    Meaning(
        "too-much-memory",
        SHAPES,
        r"MemoryError|can't allocate memory|Unable to allocate",
        "Some array on the way is far larger than the input. Two shapes such as (n, 1) and (n,) combine to (n, n).",
    ),
    Meaning(
        "wrong-indentation",
        READING,
        r"IndentationError|TabError",
        "The lines of one block begin in the same column, four spaces further in than the line with the colon, with spaces only.",
    ),
    Meaning(
        "braces-in-text",
        READING,
        r"SyntaxError: .*f-string",
        "The braces of an f-string hold what Python can't read there. Within them write the other kind of quotation mark, and no "
        "backslash: before Python 3.12 the same mark ends the text.",
    ),
    Meaning(
        "assigned-for-compared",
        READING,
        r"SyntaxError: .*(you meant ['\"]==|cannot assign to)",
        "`=` gives a value to what stands on its left, a name or a place such as `y[0]`. `==` asks whether two values are equal.",
    ),
    Meaning(
        "does-not-parse",
        READING,
        r"SyntaxError",
        "Python can't read this. Look at this line and at the one before: a bracket, a colon or a quotation mark may be missing.",
    ),
    Meaning(
        "no-such-attribute",
        NAMES,
        r"AttributeError",
        "There is no such thing behind the dot. Compare the spelling, and look at what stands before the dot: is it what you think?",
    ),
)


def meaning_of(kind: str, message: str) -> Meaning | None:
    """Return what an error says about the code, if it is one that is known.

    kind: the name of its type. message: its text.
    """
    said = f"{kind}: {message}"
    return next((meaning for meaning in MEANINGS if re.search(meaning.pattern, said)), None)


NOT_WRITTEN = "not written yet", "Replace the line `raise NotImplementedError(…)` by your code and run its cell."


def told(error: BaseException) -> tuple[str, str]:
    """Return (what an error says and the line of the notebook where it arose, what that means)."""
    if type(error).__name__ == "InterpreterError" and error.__cause__:
        error = error.__cause__  # Triton's interpreter wraps what a kernel raised
    kind, message = type(error).__name__, in_short(error.msg if isinstance(error, SyntaxError) else str(error))
    meaning = meaning_of(kind, message)
    if isinstance(error, NotImplementedError) and not meaning:
        return NOT_WRITTEN
    hint = meaning.hint if meaning else "To see the way that led there, call the function in a cell of your own."
    return f"{kind}: {message}{_place_of(error)}", hint


def in_short(message: str) -> str:
    """Return a message without the list of all that PyTorch would have accepted."""
    return message.partition(", but expected one of:")[0].strip()


def _place_of(error: BaseException) -> str:
    """Return the innermost line of a notebook's cell that led to an error, as " (line 2: x = y)"; "" if there is none."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f" (line {error.lineno}: {(error.text or '').strip()})"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipykernel_" in frame.filename or frame.filename.startswith("<ipython-input"):
            return f" (line {frame.lineno}: {(frame.line or '').strip()})"
    return ""
