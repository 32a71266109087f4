"""What the source of a submission says, before any of it runs."""

import ast
from functools import lru_cache

from autograder.exercise import Exercise, Topic

MAX_FRAGMENTS, MAX_FRAGMENT = 10, 80

# Names by which code reaches the process that runs it: its frames, its modules, what observes it.
INSIDE = frozenset(
    """
    setprofile settrace addaudithook meta_path modules __main__ __builtins__ builtins
    _getframe _current_frames currentframe f_back f_globals f_locals f_builtins f_code tb_frame gi_frame cr_frame
    __globals__ __closure__ __code__ __dict__ __subclasses__ __mro__ __base__ __bases__
    gc get_objects get_referrers get_referents ctypes _ctypes inspect importlib
    """.split()
)
INSIDE_A_TEXT = INSIDE - {"__main__"}  # as in `if __name__ == "__main__"`
# Functions that run a text or find things by name: whatever their text; only if it is made elsewhere.
ALWAYS = frozenset("exec eval compile __import__ globals vars".split())
IF_HIDDEN = {"getattr": 1, "setattr": 1, "delattr": 1, "attrgetter": 0, "methodcaller": 0}  # and the place of the text
BY_TEXT = ALWAYS | set(IF_HIDDEN)


def worth_reading(cells: list[str]) -> list[str]:
    """Return the pieces of code that an instructor should look at, as they stand there; usually none.

    What a call changed, and which functions it ran, is observed in the student's own process, and code written for it
    can forge that, but hardly without a name of ``INSIDE``, or a text that hides one.
    """
    return list(_worth_reading(tuple(cells)))


@lru_cache(maxsize=1)
def _worth_reading(cells: tuple[str, ...]) -> tuple[str, ...]:
    nodes = _nodes(cells)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    found = dict.fromkeys(_fragment(node) for node in nodes if _reaches_inside(node, id(node) in called))
    return tuple(found)[:MAX_FRAGMENTS]


def _fragment(node: ast.AST) -> str:
    try:
        text = ast.unparse(node)
    except RecursionError:
        return f"line {getattr(node, 'lineno', '?')}"
    return text if len(text) <= MAX_FRAGMENT else text[: MAX_FRAGMENT - 2] + " …"


def _reaches_inside(node: ast.AST, called: bool) -> bool:
    """Whether a node of a syntax tree names, or hides, what leads into the interpreter. called: it is the function of a call."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        words = [*(getattr(node, "module", None) or "").split("."), *(w for n in node.names for w in n.name.split("."))]
        return bool(INSIDE.intersection(words)) or any(n.asname and n.name in BY_TEXT for n in node.names)
    if isinstance(node, ast.Attribute):
        if node.attr == "modules":
            return not called  # sys.modules, and not layer.modules()
        return node.attr in INSIDE and not (node.attr == "__dict__" and _is_self(node.value))
    if isinstance(node, ast.Name):
        # A variable may well be called modules. What is not called gets another name.
        return (node.id in INSIDE and node.id != "modules") or (node.id in BY_TEXT and not called)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(INSIDE_A_TEXT.intersection(node.value.split(".")))
    if isinstance(node, ast.MatchClass):
        return bool(INSIDE.intersection(node.kwd_attrs))
    return isinstance(node, ast.Call) and _runs_a_text(node)


def _runs_a_text(call: ast.Call) -> bool:
    """Whether a call runs a text, or finds something by a name that does not stand there."""
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
    defined = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    own = {node.name for node in defined}
    own_attributes = own | {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    reached = [name for name in exercise.functions if name in own]
    for name in reached:  # grows
        for node in (node for function in defined if function.name == name for node in ast.walk(function)):
            used = None
            if isinstance(node, ast.Name) and node.id in own and node.id not in reached:
                reached.append(node.id)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in own:
                used = node.func.id
            elif isinstance(node, ast.Attribute):
                of_module = isinstance(node.value, ast.Name) and node.value.id in imported
                used = node.attr if of_module or node.attr not in own_attributes else None
            if used in exercise.forbidden_names:
                return used
    return None


@lru_cache(maxsize=2)
def _nodes(cells: tuple[str, ...]) -> list[ast.AST]:
    """Return the nodes of the cells' syntax trees. Kept for one submission, because every exercise asks for them.

    It asks twice: with the topic's prelude and without.
    """
    trees = []
    for source in cells:
        try:
            trees.append(ast.parse(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return [node for tree in trees for node in ast.walk(tree)]
