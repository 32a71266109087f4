"""What the source of a submission says, before any of it runs."""

import ast
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from autograder.exercise import Exercise, Topic
from autograder.student_side.magics import without_magics

MAX_FRAGMENTS, MAX_FRAGMENT, MAX_FRAGMENT_NODES = 10, 80, 1000

# Names by which code reaches the process that runs it: its frames, its modules, what observes it.
INSIDE = frozenset(
    """
    setprofile settrace addaudithook meta_path modules __main__ __builtins__ builtins
    _getframe _current_frames currentframe f_back f_globals f_locals f_builtins f_code tb_frame
    gi_frame gi_code cr_frame cr_code ag_frame ag_code
    __globals__ __closure__ __code__ __dict__ __subclasses__ __mro__ __base__ __bases__
    __self__ __getattribute__ __reduce__ __reduce_ex__ __loader__ __spec__ __array_interface__ __array_struct__
    gc get_objects get_referrers get_referents ctypes _ctypes inspect importlib
    CodeType FunctionType pickle _pickle marshal
    get_field get_type_hints ForwardRef allow_pickle
    """.split()
)
INSIDE_A_TEXT = INSIDE - {"__main__"}  # as in `if __name__ == "__main__"`
# Functions that run a text or find things by name: whatever their text; only if it is made elsewhere.
ALWAYS = frozenset("exec eval compile __import__ globals vars".split())
IF_HIDDEN = {"getattr": 1, "setattr": 1, "delattr": 1, "attrgetter": 0, "methodcaller": 0}  # and the place of the text
BY_TEXT = ALWAYS | set(IF_HIDDEN)
# What a notebook on numbers imports. Of the others many run a text, or reach inside, in a way of their own.
ORDINARY = frozenset(
    """
    __future__ IPython abc argparse array asyncio bisect calendar cmath collections contextlib copy csv dataclasses datetime
    decimal einops enum fractions functools gguf glob hashlib heapq io itertools json keyword locale logging math matplotlib
    ml_dtypes multiprocessing numbers numpy operator os pandas pathlib platform plotly pprint random re safetensors scipy seaborn
    shutil signal sklearn socket statistics string struct subprocess sys tempfile textwrap threading time timeit tokenizers torch
    tqdm traceback triton types typing typing_extensions unittest uuid warnings
    """.split()
)
PACKAGES = frozenset(
    "collections concurrent einops matplotlib ml_dtypes numpy os pandas plotly safetensors scipy seaborn sklearn torch tqdm triton".split()
)
DISPLAY = "IPython.display"


def worth_reading(cells: list[str]) -> list[str]:
    """Return the pieces of code that an instructor should look at, as they stand there; usually none.

    What a call changed, and which functions it ran, is observed in the student's own process, and code written for it
    can forge that, but hardly without a name of ``INSIDE``, a text that hides one, or a module that is not ``ORDINARY``.
    """
    return list(_worth_reading(tuple(cells)))


@lru_cache(maxsize=1)
def _worth_reading(cells: tuple[str, ...]) -> tuple[str, ...]:
    nodes = _nodes(cells)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    own = {number for node in nodes if isinstance(node, ast.FunctionDef) for number in _variables(node)}
    found: dict[str, None] = {}
    for node in nodes:
        if id(node) not in own and _reaches_inside(node, id(node) in called):
            found[_fragment(node)] = None
            if len(found) == MAX_FRAGMENTS:
                break
    return tuple(found)


def _fragment(node: ast.AST) -> str:
    where = f"line {getattr(node, 'lineno', '?')}"
    if sum(1 for _ in islice(ast.walk(node), MAX_FRAGMENT_NODES)) == MAX_FRAGMENT_NODES:
        return where
    try:
        text = ast.unparse(node)
    except RecursionError:
        return where
    return text if len(text) <= MAX_FRAGMENT else text[: MAX_FRAGMENT - 2] + " …"


def _variables(function: ast.FunctionDef) -> Iterator[int]:
    """Yield which nodes (by ``id``) stand for a variable of the function's own, as where ``vars`` holds variances."""
    here: list[ast.AST] = list(function.body)
    for node in here:  # grows
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            here.extend(ast.iter_child_nodes(node))
    names = [node for node in here if isinstance(node, ast.Name)]
    elsewhere = {id(name) for node in here if isinstance(node, ast.comprehension) for name in ast.walk(node.target)}
    own = {name.id for name in names if isinstance(name.ctx, ast.Store) and id(name) not in elsewhere}
    own |= {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    own -= {name for node in here if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    yield from (id(name) for name in names if name.id in own)


def _reaches_inside(node: ast.AST, called: bool) -> bool:
    """Whether a node of a syntax tree names, or hides, what leads into the interpreter. called: it is the function of a call."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        words = [*(getattr(node, "module", None) or "").split("."), *(w for n in node.names for w in n.name.split("."))]
        by_text = any(n.asname and n.name in BY_TEXT for n in node.names)
        return bool(INSIDE.intersection(words)) or by_text or not _is_ordinary(node)
    if isinstance(node, ast.Attribute):
        if node.attr == "modules":
            return not called  # sys.modules, and not layer.modules()
        if node.attr in ("attrgetter", "methodcaller"):
            return not called
        return node.attr in INSIDE and not (node.attr == "__dict__" and _is_self(node.value))
    if isinstance(node, ast.Name):
        # A variable may well be called modules. What is not called gets another name.
        return (node.id in INSIDE and node.id != "modules") or (node.id in BY_TEXT and not called)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(INSIDE_A_TEXT.intersection(node.value.split(".")))
    if isinstance(node, ast.MatchClass):
        return bool(INSIDE.intersection(node.kwd_attrs))
    if isinstance(node, ast.keyword):
        return node.arg in INSIDE
    return isinstance(node, ast.Call) and _runs_a_text(node)


def _is_ordinary(node: ast.Import | ast.ImportFrom) -> bool:
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
    return all(name in ORDINARY or name == DISPLAY or name.partition(".")[0] in PACKAGES for name in modules)


def _runs_a_text(call: ast.Call) -> bool:
    """Whether a call runs a text, or finds something by a name that does not stand there."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("timeit", "Timer"):
        return not (call.args and isinstance(call.args[0], ast.Lambda | ast.Name))
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("attrgetter", "methodcaller"):
        name = call.func.attr
    elif isinstance(call.func, ast.Name):  # model.eval() and re.compile() are other functions
        name = call.func.id
    else:
        return False
    if name not in IF_HIDDEN:
        return name in ALWAYS
    own = bool(call.args) and _is_self(call.args[0])
    place = IF_HIDDEN[name]
    return not own and not all(isinstance(arg, ast.Constant) for arg in call.args[place : place + 1])


def _is_self(node: ast.expr) -> bool:
    """Whether it is what a method calls its own object: classes that look up their own attributes are common."""
    return isinstance(node, ast.Name) and node.id == "self"


def library_used(exercise: Exercise, topic: Topic, cells: list[str]) -> str | None:
    """Return the name of a library or function in the source that would do the exercise."""
    nodes = _nodes(tuple(cells))
    imported = set()
    for node in nodes:
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            imported |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            if module.partition(".")[0] in topic.rules.forbidden:
                return module
    # The exercise's own functions, and the student's helpers that they use. A helper, a method or an
    # attribute of the student's own may well be called `variance`.
    defined: dict[str, list[ast.AST]] = {}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.setdefault(node.name, []).append(node)
    own = defined.keys() | {name for node in nodes for name in _lambda_names(node)}
    own_attributes = own | {name for node in nodes for name in _attributes_made(node)}
    todo = deque(node for name in exercise.functions for node in defined.get(name, ()))
    seen: set[int] = set()
    while todo:
        node = todo.popleft()
        if id(node) in seen:
            continue
        seen.add(id(node))
        todo.extend(ast.iter_child_nodes(node))
        used = None
        if isinstance(node, ast.Name) and node.id in defined:
            todo.extend(defined.pop(node.id))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in own:
            used = node.func.id
        elif isinstance(node, ast.Attribute):
            of_module = isinstance(node.value, ast.Name) and node.value.id in imported
            used = node.attr if of_module or node.attr not in own_attributes else None
        if used in exercise.forbidden_names:
            return used
    return None


def _lambda_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that an assignment gives to a lambda."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _attributes_made(node: ast.AST) -> Iterator[str]:
    """Yield the attributes that a node gives to an object: `self.std = …`, fields of a dataclass or a namedtuple."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr
    elif isinstance(node, ast.ClassDef):
        yield from (line.target.id for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name))
    elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == "namedtuple":
        texts = (n.value for arg in node.args for n in ast.walk(arg) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        yield from (word for text in texts for word in text.replace(",", " ").split())


@lru_cache(maxsize=2)
def _nodes(cells: tuple[str, ...]) -> list[ast.AST]:
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
