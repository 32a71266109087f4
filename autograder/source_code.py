"""What the source of a submission says, before any of it runs."""

import ast
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import dropwhile

from autograder.exercise import Exercise, Topic
from autograder.student_side.magics import without_magics

COMPLEX = frozenset({"complex", "complex64", "complex128", "imag"})


def library_used(exercise: Exercise, topic: Topic, cells: list[str]) -> str | None:
    """Return the name of a library or function in the source that would do the exercise."""
    nodes = nodes_of(tuple(cells))
    return _forbidden_library(nodes, topic.rules.forbidden) or _forbidden_function(nodes, exercise)


def _forbidden_library(nodes: list[ast.AST], forbidden: tuple[str, ...]) -> str | None:
    for node in nodes:
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            if module.partition(".")[0] in forbidden:
                return module
    return None


def _forbidden_function(nodes: list[ast.AST], exercise: Exercise) -> str | None:
    """Search the exercise's own functions, and the student's helpers that they use.

    A helper, a parameter, a method or an attribute of the student's own may well be called `variance`. What stands behind
    such a name is seen when it runs.
    """
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    imported = {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {name for node in nodes for name in _names_bound(node, exercise.forbidden_names)}
    own_attributes = own | {name for node in nodes for name in _attributes_made(node)}
    for node in _reached(nodes, exercise.functions):
        used = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in own:
            used = node.func.id
        elif isinstance(node, ast.Attribute) and node.attr in exercise.forbidden_names:
            used = node.attr if node.attr not in own_attributes or _first_name(node) in imported else None
        if used in exercise.forbidden_names:
            return used
    return None


def computes_in_complex(cells: list[str], functions: tuple[str, ...]) -> bool:
    """Whether complex numbers stand in these functions, or in the student's helpers that they use."""
    return any(_is_complex(node) for node in _reached(nodes_of(tuple(cells)), functions))


def takes_first(cells: list[str], function: str) -> str | None:
    """Return the name of a function's first parameter."""
    found = _defined(cells, function)
    names = [arg.arg for arg in found.args.args] if found else []
    return names[0] if names else None


def unpacks_in_another_order(cells: list[str], packing: str, unpacking: str) -> bool:
    """Whether the last parameter of one function is taken apart into names that the other put together in another order."""
    ahead, back = _defined(cells, packing), _defined(cells, unpacking)
    if not (ahead and back and back.args.args):
        return False
    listed = (node for node in ast.walk(ahead) if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load))
    packed = {tuple(_names_in(node)) for node in listed}
    sets = {frozenset(names) for names in packed if len(names) > 1}  # not each order with each: a student writes thousands
    unpacked = (
        tuple(_names_in(node.targets[0]))
        for node in ast.walk(back)
        if isinstance(node, ast.Assign) and getattr(node.value, "id", None) == back.args.args[-1].arg
    )
    return any(frozenset(names) in sets and names not in packed for names in unpacked)


def _defined(cells: list[str], name: str) -> ast.FunctionDef | None:
    """Return the last function of a name."""
    found = [node for node in nodes_of(tuple(cells)) if isinstance(node, ast.FunctionDef) and node.name == name]
    return found[-1] if found else None


def _names_in(node: ast.AST) -> list[str]:
    """Return what stands in a tuple or list, if it is names alone."""
    parts = getattr(node, "elts", [])
    return [part.id for part in parts] if all(isinstance(part, ast.Name) for part in parts) else []


def _is_complex(node: ast.AST) -> bool:
    """Whether a node is a complex number (`1j`), or a name or a text that makes one, or takes one apart."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, complex) or node.value in COMPLEX
    return getattr(node, "attr", getattr(node, "id", None)) in COMPLEX


def _reached(nodes: list[ast.AST], functions: tuple[str, ...]) -> Iterator[ast.AST]:
    """Yield the nodes of these functions, and of the student's helpers that they use."""
    defined: dict[str, list[ast.AST]] = {}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.setdefault(node.name, []).append(node)
    todo = deque(node for name in functions for node in defined.get(name, ()))
    seen: set[int] = set()
    while todo:
        node = todo.popleft()
        if id(node) in seen:
            continue
        seen.add(id(node))
        todo.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Name) and node.id in defined:
            todo.extend(defined.pop(node.id))
        yield node


def _first_name(node: ast.AST) -> str | None:
    """Return the name that a chain of attributes begins with: `torch` of `torch.nn.LayerNorm`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _names_bound(node: ast.AST, among: frozenset[str]) -> Iterator[str]:
    """Yield those of the names that a node binds: a parameter, or an assignment, but not `std = np.std`."""
    if isinstance(node, ast.arg) and node.arg in among:
        yield node.arg
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.For):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.iter if isinstance(node, ast.For) else node.value
        names = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)} & among
        if names and value:
            yield from names - {getattr(n, "attr", getattr(n, "id", None)) for n in ast.walk(value)}


def _attributes_made(node: ast.AST) -> Iterator[str]:
    """Yield the attributes that a node may give to an object: `self.std = …`, fields of a dataclass or a namedtuple,
    `SimpleNamespace(std=…)`, `setattr(self, "std", …)`.
    """
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr
    elif isinstance(node, ast.ClassDef):
        yield from (line.target.id for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name))
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield node.value
    elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == "namedtuple":
        texts = (n.value for arg in node.args for n in ast.walk(arg) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        yield from (word for text in texts for word in text.replace(",", " ").split())


@lru_cache(maxsize=2)
def nodes_of(cells: tuple[str, ...]) -> list[ast.AST]:
    """Return the nodes of the cells' syntax trees. Kept for one submission, because every exercise asks for them.

    It asks twice: with the topic's prelude and without.
    """
    trees = []
    for source in cells:
        try:
            trees.append(_tree(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # the student side can't read it either
    return [node for tree in trees for node in ast.walk(tree)]


def _tree(source: str) -> ast.AST:
    """Parse a cell as the student side does."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(without_magics(source))


def can_be_read(source: str) -> bool:
    """Whether a cell is Python, IPython's own lines aside."""
    try:
        return not any(_is_of_the_future(node) for node in _after_its_head(_tree(source).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def names_of(source: str) -> set[str]:
    """Return the names of the functions, classes and values that a cell defines; none if it can't be read."""
    try:
        body = _tree(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    named = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    # answers["q1"] = "b" changes answers, which is as good as defining it.
    for node in body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            while isinstance(target, ast.Subscript | ast.Attribute):
                target = target.value
            if isinstance(target, ast.Name):
                named.add(target.id)
    return named


def _after_its_head(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements after those that Python wants first: a text and what is of the future."""
    return dropwhile(lambda node: _is_of_the_future(node) or isinstance(getattr(node, "value", None), ast.Constant), body)


def _is_of_the_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
