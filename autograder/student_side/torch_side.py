"""What the student side does with PyTorch: tensors in and out, gradients, bytes kept for them, refused operators.

Imported by the warm parent, before any student code. The functions of PyTorch that measure are taken
here by name, so that a submission which puts others in their place changes nothing.
"""

import contextlib

import kernel_accesses
import numpy as np
import torch
import wire
from torch import nn

triton_side = None  # the module of that name, where Triton is among the assignment's libraries
_keep_saved = torch._C._autograd._push_saved_tensors_default_hooks
_stop_keeping = torch._C._autograd._pop_saved_tensors_default_hooks
_engine = torch.autograd.Variable._execution_engine
_Tensor, _from_numpy, _zeros = torch.Tensor, torch.from_numpy, torch.zeros
_detach, _contiguous, _view, _copy, _require = (
    getattr(torch.Tensor, name) for name in ("detach", "contiguous", "view", "copy_", "requires_grad_")
)
_as_array, _UINT16, _BFLOAT16 = torch.Tensor.numpy, torch.uint16, torch.bfloat16
_KEYS = ("CPU", "AutogradCPU")  # every call of an operator passes one of them, with and without gradients
_refused: set[str] = set()
_refusals: list[torch.library.Library] = []  # what they registered lasts as long as they do


def _gradients(outputs, inputs, upstream, create_graph: bool = False) -> tuple:
    """Return the gradients by ``inputs``, None where there is no path. The graph stays.

    As ``torch.autograd.grad`` does it, but not by that name, which is noted when a submission uses it.
    """
    return _engine.run_backward(
        tuple(outputs), tuple(upstream), True, create_graph, tuple(inputs), True, accumulate_grad=False
    )


class Unmet(Exception):
    """What the contract asks is not there; the message is a student's to read and holds no hidden figure."""


class _Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        return x + x

    @staticmethod
    def backward(ctx, dy: torch.Tensor) -> torch.Tensor:
        return dy + dy


def warm_up() -> None:
    """Use what is slow at its first use; the first Function imports thousands of names."""
    layer = nn.Linear(3, 3)
    x = torch.ones(2, 3, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = torch.softmax(layer(_Double.apply(x)), -1).square()
    (gradient,) = _gradients([y], [x], [torch.ones_like(y)], create_graph=True)
    _gradients([gradient], [x], [torch.ones_like(x)])
    torch.library.Library("aten", "IMPL")._destroy()


# operators that would do the exercise ---------------------------------------------------------


def refuse(operators: list[str]) -> None:
    """Put an error in the place of operators of PyTorch ("native_layer_norm"), however they are reached."""
    library = torch.library.Library("aten", "IMPL")
    for name in operators:
        packet = getattr(torch.ops.aten, name)
        for overload in packet.overloads():
            full = name if overload == "default" else f"{name}.{overload}"
            for key in _KEYS:
                library.impl(full, _refusal(name), key)
    _refusals.append(library)


def _refusal(name: str):
    def refused(*args, **kwargs):
        _refused.add(name)
        raise RuntimeError(f"PyTorch's own {name} may not be used here: write it yourself")

    return refused


def take_refused() -> set[str]:
    """Return the operators that were refused since the last call."""
    taken = set(_refused)
    _refused.clear()
    return taken


# what crosses ---------------------------------------------------------------------------------


def arrive(value: wire.Tensor | wire.Stock, arrive_inside) -> object:
    """Make the tensor or module that the trusted side described."""
    if isinstance(value, wire.Stock):
        return STOCK[value.name](**{name: arrive_inside(item) for name, item in value.arguments.items()})
    dtype = getattr(torch, value.dtype)
    tensor = _view(_from_numpy(value.raw), dtype)
    if value.layout == "strided":
        roomy = _zeros([2 * n for n in tensor.shape], dtype=dtype)
        tensor = _copy(roomy[tuple(slice(None, None, 2) for _ in tensor.shape)], tensor)
    elif value.layout == "misaligned":
        roomy = _zeros(value.raw.size + 1, dtype=dtype)
        tensor = _copy(_view(roomy[1:], tensor.shape), tensor)
    return _require(tensor, value.requires_grad)


def sendable(value: object, keep: list[int] = ()) -> object:
    """Replace tensors in tuples, lists and dicts by ``wire.Tensor``; what stands at ``keep`` stays as it is."""
    kind = wire.plain_kind(value)
    if kind:
        return kind(item if i in keep else sendable(item) for i, item in enumerate(kind.__iter__(value)))
    if isinstance(value, dict):
        return {name: sendable(item) for name, item in value.items()}
    if type(value) not in (torch.Tensor, nn.Parameter):
        return value
    name = str(value.dtype).removeprefix("torch.")
    if name not in wire.TENSOR_DTYPES:
        return wire.Other(f"a tensor of dtype {name}")
    plain = value.detach().to("cpu", copy=True).contiguous()
    if plain.nbytes > wire.MAX_FRAME_BYTES // 2:
        return wire.Other(f"a tensor of {plain.nbytes / 2**20:.0f} MiB")
    return wire.Tensor(_numbers(plain), name, value.requires_grad)


def _numbers(plain: torch.Tensor) -> np.ndarray:
    return _as_array(_view(plain, _UINT16)) if plain.dtype == _BFLOAT16 else _as_array(plain)


def fingerprint(value: object) -> object:
    """Return what is the same as long as a tensor is not changed; None for anything else."""
    if type(value) is not _Tensor:
        return None
    return value.shape, value.dtype, _numbers(_contiguous(_detach(value))).tobytes()


# modules of the course ------------------------------------------------------------------------


class CausalMean(nn.Module):
    """The plainest attention: the mean of a token and those before it, then a linear map.

    weight: (d, d). Input and output: (..., m, d).
    """

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.map = _linear(weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        m = x.shape[-2]
        weights = torch.tril(x.new_ones(m, m))
        return self.map((weights / weights.sum(-1, keepdim=True)) @ x)


def _linear(weight: torch.Tensor) -> nn.Linear:
    """A linear map without bias; weight: (d_out, d_in)."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer


def _layer_norm(weight: torch.Tensor, bias: torch.Tensor) -> nn.LayerNorm:
    """PyTorch's own LayerNorm over the last axis; weight, bias: (d,)."""
    norm = nn.LayerNorm(weight.shape[0], dtype=weight.dtype)
    with torch.no_grad():
        norm.weight.copy_(weight)
        norm.bias.copy_(bias)
    return norm


class _Bent(nn.Module):
    """tanh of a linear map: a feed-forward network that no linear reasoning predicts. Keeps the shape (..., d)."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.map = _linear(weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.map(x))


class _Residual(_Bent):
    """A whole block in short: x + tanh(x Wᵀ)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + super().forward(x)


STOCK = {
    "bent": _Bent,
    "causal_mean": CausalMean,
    "identity": nn.Identity,
    "layer_norm": _layer_norm,
    "linear": _linear,
    "residual": _Residual,
}


# runs -----------------------------------------------------------------------------------------


def run(namespace: dict, target: str, mode: str, asked: dict) -> tuple[dict, dict, list[int]]:
    """Run what ``target`` names ("LayerNormFunction.apply") and differentiate it.

    mode: "grad", "no_grad" or "autocast" (to bfloat16).
    asked, each optional but ``args``:
        build: (args, kwargs) with which the target makes a module, or a function, that then is run.
        to: name of the dtype that the module is converted to.
        state: {name of a parameter or buffer: its values}.
        training: whether the module is in training mode (False by default).
        args, kwargs: what it is called with.
        grid: the grid of a Triton kernel, which is launched with args and kwargs.
        returns: positions of the arguments which a kernel fills; they are the outputs.
        undefined: whether lanes that a mask keeps from memory hold NaN, unless the load says what they hold.
        readable: [position, rows, columns] of the tables and vectors of which the kernel may read so much.
        compiled: whether a GPU's compiler is to take the kernel, too; what it refuses is raised.
        races: whether to tell if its programs meet in memory.
        shared: position of the table whose rows the programs share; how many of them stored something there is told.
        upstream: gradient of the loss by each output; without it nothing is differentiated.
        parameters: names of the parameters whose gradients are wanted.
        again: whether the backward runs a second time over the same graph.
        earlier: args of another call, which is made first and then forgotten.
        between: args of another call, which is made between the forward and the backward and then forgotten.
        second: a vector for each input that requires a gradient; then the gradients of Σ vector · gradient by these
            inputs and by upstream are found.
        measure: whether to list what is kept for the backward.
        count: whether to tell how many numbers the module's parameters hold.
        names: whether to tell what the module's state has: the names of its parameters and persistent buffers.

    Returns ({outputs, gradients, of_parameters, again, second}, {in_tuple, saved, on_context, arguments, nodes, parameters,
    names} or, of a kernel, {strayed, block_in_condition, race, busy}, positions of the args that the run changed). ``in_tuple``
    says whether the outputs came as a tuple, which may be one of a single thing; ``gradients`` stand in the order of the args that
    require one. ``saved`` lists [data pointer, shape, dtype, bytes] of each tensor kept through ``save_for_backward`` or by
    PyTorch itself, ``on_context`` those kept as attributes of the context, ``arguments`` the tensors among the args; ``nodes``
    names the kinds of the graph's nodes; ``strayed`` says whether a kernel read what is not readable, ``block_in_condition``
    whether it asked a block for one yes or no, and ``busy`` how many programs stored in the shared table. The second dict is
    JSON as it is. Raises Unmet.
    """
    call = _resolve(namespace, target)
    module = None
    if "build" in asked:
        module = call = _build(call, target, asked)
    args, kwargs = asked["args"], asked.get("kwargs", {})
    before = [fingerprint(arg) for arg in args]
    if "grid" in asked:
        if not triton_side.is_kernel(call):
            raise Unmet(f"`{target}` is no kernel of Triton's")
        told = _launch(call, args, kwargs, asked)
        return {"outputs": tuple(args[i] for i in asked["returns"])}, told, _changed(before, args, asked["returns"])
    if "earlier" in asked:
        with _MODES[mode]():
            call(*asked["earlier"], **kwargs)
    saved: list = []
    with _MODES[mode](), _listing(saved if asked.get("measure") else None):
        result = call(*args, **kwargs)
    outputs = result if isinstance(result, tuple) else (result,)
    found, told = {"outputs": outputs}, {"in_tuple": isinstance(result, tuple)}
    if asked.get("measure"):
        nodes, on_context = _graph_of(outputs)
        told |= {
            "saved": [_describe(t) for t in saved],
            "on_context": [_describe(t) for t in on_context],
            "arguments": [_describe(t) for t in args if isinstance(t, torch.Tensor)],
            "nodes": nodes,
        }
    if "between" in asked:
        call(*asked["between"], **kwargs)
    if asked.get("count"):
        told["parameters"] = _size(module) if isinstance(module, nn.Module) else 0
    if asked.get("names"):
        told["names"] = list(module.state_dict())[:20] if isinstance(module, nn.Module) else []
    if "upstream" in asked:
        found |= _differentiate(outputs, args, module, asked)
    return found, told, _changed(before, args)


def _launch(kernel: object, args: list, kwargs: dict, asked: dict) -> dict:
    """Launch a Triton kernel; return what is told of it."""
    kernel, kwargs = triton_side.alone(kernel, args, kwargs)
    if not triton_side.is_as_it_was():
        raise Unmet("something else stands in the place of what runs a kernel")
    triton_side.forget_changes(kernel)
    lanes = kernel_accesses.undefined_lanes() if asked.get("undefined") else contextlib.nullcontext()
    with lanes, kernel_accesses.noted() as accesses, triton_side.noting_conditions() as conditions:
        kernel[tuple(asked["grid"])](*args, **kwargs)
    readable = [(args[i], *part) for i, *part in asked.get("readable", ())]
    told = {"strayed": triton_side.reads_outside(accesses, readable), "block_in_condition": bool(conditions)}
    if asked.get("races"):
        told["race"] = kernel_accesses.first_race(accesses) is not None
    if "shared" in asked:
        told["busy"] = len(kernel_accesses.who_stores(accesses, args[asked["shared"]]))
    if asked.get("compiled"):
        triton_side.compile_for_gpu(kernel, args, kwargs)
    return told


def _size(module: nn.Module) -> int:
    """Count the numbers in the parameters that are registered; what ``module.parameters()`` tells may be the submission's own."""
    parts, parameters = [module], {}
    for part in parts:  # grows
        parameters |= {id(p): p for p in vars(part).get("_parameters", {}).values() if p is not None}
        inner = [m for m in vars(part).get("_modules", {}).values() if m is not None]
        parts += [m for m in inner if not any(m is known for known in parts)]
    return sum(p.numel() for p in parameters.values())


def _resolve(namespace: dict, target: str) -> object:
    name, *rest = target.split(".")
    value = namespace[name]
    for part in rest:
        if not hasattr(value, part):
            raise Unmet(f"`{target}` is not there: `{name}` has no `{part}`")
        value = getattr(value, part)
    return value


def _build(kind: object, target: str, asked: dict):
    args, kwargs = asked["build"]
    module = kind(*args, **kwargs)
    if not callable(module):
        raise Unmet(f"`{target}` makes nothing that can be called")
    if not isinstance(module, nn.Module):
        if {"to", "state", "training", "parameters"} & asked.keys():
            raise Unmet(f"`{target}` makes no nn.Module")
        return module
    if "to" in asked:
        module.to(getattr(torch, asked["to"]))
    # A part that has two names is found by either: `self.net = nn.Sequential(…)` and `self.up = self.net[0]`.
    places = dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers())
    for name, values in asked.get("state", {}).items():
        if name not in places:
            raise Unmet(f"`{target}` has no parameter called `{name}`; it has {', '.join(places)[:300] or 'none'}")
        if places[name].shape != values.shape:
            shapes = f"{tuple(places[name].shape)}; expected {tuple(values.shape)}"
            raise Unmet(f"the parameter `{name}` of `{target}` has shape {shapes}")
        with torch.no_grad():
            places[name].copy_(values)
    return module.train(asked.get("training", False))


def _differentiate(outputs: tuple, args: list, module: object, asked: dict) -> dict:
    inputs = [arg for arg in args if isinstance(arg, torch.Tensor) and arg.requires_grad]
    named = dict(module.named_parameters()) if isinstance(module, nn.Module) else {}
    for name in asked.get("parameters", ()):
        if name not in named:
            raise Unmet(f"there is no parameter called `{name}`; there are {', '.join(named)[:300] or 'none'}")
    wanted = inputs + [named[name] for name in asked.get("parameters", ())]
    twice = "second" in asked
    upstream = [v.requires_grad_(twice) for v in asked["upstream"]]
    if any(y is None for y in outputs):
        raise Unmet("it returned None")
    if not any(isinstance(y, torch.Tensor) for y in outputs):
        raise Unmet("it returned no tensor")
    ends = [(y, v) for y, v in zip(outputs, upstream) if isinstance(y, torch.Tensor) and y.requires_grad]
    if not ends:
        raise Unmet("no gradient flows: the output does not depend on any input in a way that autograd sees")
    for y, v in ends:
        if y.shape != v.shape:
            shapes = f"{tuple(y.shape)[:10]}; expected {tuple(v.shape)}"
            raise Unmet(f"an output does not have the shape of its upstream gradient: {shapes}")
    ys, vs = zip(*ends)

    def backward():
        return _gradients(ys, wanted, vs, create_graph=twice)

    first = backward()
    found = {
        "gradients": first[: len(inputs)],
        "of_parameters": dict(zip(asked.get("parameters", ()), first[len(inputs) :])),
    }
    if asked.get("again"):
        found["again"] = backward()[: len(inputs)]
    if twice:
        pairs = [(g, u) for g, u in zip(first, asked["second"]) if g is not None and g.requires_grad]
        if not pairs:
            raise Unmet("the backward can't be differentiated: its results carry no graph")
        gs, us = zip(*pairs)
        found["second"] = _gradients(gs, [*inputs, *vs], us)
    return found


@contextlib.contextmanager
def _listing(saved: list | None):
    """List in ``saved`` what autograd keeps for the backward; nothing if it is None."""
    if saved is None:
        yield
        return

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    _keep_saved(pack, lambda tensor: tensor)
    try:
        yield
    finally:
        _stop_keeping()


def _graph_of(outputs: tuple) -> tuple[list[str], list[torch.Tensor]]:
    """Return the kinds of the graph's nodes, and the tensors that stand as attributes on its Functions' contexts."""
    kinds, found, seen = [], [], set()
    nodes = [y.grad_fn for y in outputs if isinstance(y, torch.Tensor)]
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        kinds.append(type(node).__name__[:100])
        found += _tensors_in(list(getattr(node, "__dict__", {}).values()))
        nodes += [following for following, _ in node.next_functions]
    return kinds, found


def _tensors_in(value: object) -> list[torch.Tensor]:
    """Return the tensors in lists, tuples and dicts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in _tensors_in(item)]
    return [value] if isinstance(value, torch.Tensor) else []


def _describe(tensor: torch.Tensor) -> list:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return [tensor.data_ptr(), list(tensor.shape), dtype, tensor.numel() * tensor.element_size()]


def _changed(before: list, args: list, allowed: list = ()) -> list[int]:
    return [i for i, (old, new) in enumerate(zip(before, args)) if i not in allowed and old != fingerprint(new)]


_MODES = {
    "grad": contextlib.nullcontext,
    "no_grad": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}
