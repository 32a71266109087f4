"""Where the source of a submission reaches into the interpreter that runs it, or hides what it reaches for."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from autograder.source_code import nodes_of

MAX_FRAGMENTS, MAX_FRAGMENT, MAX_FRAGMENT_NODES = 10, 80, 1000

# Names by which code reaches the process that runs it: its frames, its modules, its memory, what observes it, what
# runs a text or bytes there.
INSIDE = frozenset(
    """
    setprofile settrace addaudithook meta_path modules __main__ __builtins__ builtins
    _getframe _current_frames currentframe f_back f_globals f_locals f_builtins f_code tb_frame
    gi_frame gi_code cr_frame cr_code ag_frame ag_code
    __globals__ __closure__ __code__ __dict__ __subclasses__ __mro__ __base__ __bases__
    __self__ __getattribute__ __reduce__ __reduce_ex__ __loader__ __spec__ __array_interface__ __array_struct__
    __match_args__ __dataclass_fields__
    gc get_objects get_referrers get_referents ctypes _ctypes ctypeslib inspect importlib as_strided
    CodeType FunctionType pickle _pickle marshal ForkingPickler PackageImporter read_pickle read_array NpzFile
    get_field format_field get_type_hints ForwardRef allow_pickle
    load_library cpp_extension load_module exec_module get_code source_to_code path_importer_cache path_hooks
    GraphModule rundocs mock loadTestsFromName loadTestsFromNames
    Pipe recv convert_field singledispatch singledispatchmethod __annotations__ custom_op infer_schema IterDataPipe MapDataPipe
    script script_method ScriptModule import_module sys_importer cli f2py dictConfig dictConfigClass fileConfig BaseConfigurator DictConfigurator
    __new__ __getnewargs__ __getnewargs_ex__ __getstate__ __setstate__ update_wrapper
    """.split()
)
# The last three lines: what runs bytes, or a text that stands for a type or a name, and what fills another object than it
# seems to, as a copy does whose `__new__` gives something else.
INSIDE_A_TEXT = INSIDE - {"__main__"}  # as in `if __name__ == "__main__"`
# Functions that run a text or find things by name: whatever their text; only if it is made elsewhere.
ALWAYS = frozenset("exec eval compile __import__ globals vars".split())
IF_HIDDEN = {"getattr": 1, "setattr": 1, "delattr": 1, "attrgetter": 0, "methodcaller": 0}  # and the place of the text
BY_TEXT = ALWAYS | set(IF_HIDDEN)
# The same, where it is an attribute: variables may have these names.
BY_ATTRIBUTE = frozenset("sys IPython multiprocessing __setattr__ __delattr__ hub measure CompilationUnit".split())
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
# Of some modules, what tells something, or stops; the rest changes or shows the interpreter, or runs texts and bytes.
ONLY = {
    "sys": frozenset(
        """
        argv byteorder exc_info executable exit float_info flags getrecursionlimit getsizeof hexversion implementation int_info
        maxsize path platform setrecursionlimit stderr stdin stdout version version_info
        """.split()
    ),
    "IPython": frozenset("display get_ipython __version__ version_info".split()),
    "multiprocessing": frozenset("cpu_count current_process Pool Process".split()),
}
# Settings are there to be changed.
SETTINGS = frozenset("backends options".split())
# Names with underscores that objects have for everybody.
FOR_ALL = frozenset(
    """
    __abs__ __add__ __array__ __call__ __class__ __contains__ __cuda_array_interface__ __doc__ __enter__ __eq__
    __exit__ __file__ __getitem__ __hash__ __init__ __init_subclass__ __iter__ __len__ __matmul__ __module__ __mul__
    __name__ __next__ __post_init__ __pow__ __qualname__ __radd__ __repr__ __rmul__ __setitem__ __str__
    __sub__ __truediv__ __version__
    _asdict _exit _fields _replace
    """.split()
)
# What the notebooks' first cells import.
PRELUDE = frozenset("F math nn np plt tl torch triton".split())
# What methods call their own object.
OWN_OBJECTS = frozenset("self cls ctx".split())


@dataclass(frozen=True)
class Own:
    """What a submission's code calls by names of its own.

    variables: nodes, by ``id``, that stand for a variable of a function.
    modules: names of what it imports, and of what the course imports for it.
    decorators: nodes, by ``id``, that stand above a function.
    functions: names of its functions, as far as nothing else has the name.
    instances: names that stand for nothing but an object of a class of its own.
    methods: (class, function) for the functions in the bodies of its classes, as far as nothing else has the class's name.
    """

    variables: frozenset[int]
    modules: frozenset[str]
    decorators: frozenset[int]
    functions: frozenset[str]
    instances: frozenset[str]
    methods: frozenset[tuple[str, str]]


def worth_reading(cells: list[str]) -> list[str]:
    """Return the pieces of code that an instructor should look at, as they stand there; usually none.

    What a call changed, and which functions it ran, is observed in the student's own process, and code written for it
    can forge that, but hardly without a name of ``INSIDE``, a text that hides one, or a module that is not ``ORDINARY``.
    """
    return list(_worth_reading(tuple(cells)))


@lru_cache(maxsize=1)
def _worth_reading(cells: tuple[str, ...]) -> tuple[str, ...]:
    nodes = nodes_of(cells)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    looked_into = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    own = _own(nodes)
    found: dict[str, None] = {}
    for node in nodes:
        if id(node) in own.variables:
            continue
        if _reaches_inside(node, own, called=id(node) in called, looked_into=id(node) in looked_into):
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
    except (RecursionError, ValueError):  # the latter for some texts within an f-string
        return where
    text = text.partition("\n")[0]
    return text if len(text) <= MAX_FRAGMENT else text[: MAX_FRAGMENT - 2] + " …"


def _own(nodes: list[ast.AST]) -> Own:
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    variables = frozenset(number for node in functions for number in _variables(node))
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    named = {getattr(node, "asname", None) or getattr(node, "name", None) for node in nodes if not isinstance(node, ast.ClassDef)}
    taken = assigned | given | named
    classes = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name not in taken]
    methods = frozenset((c.name, line.name) for c in classes for line in c.body if isinstance(line, ast.FunctionDef))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {n.asname or n.name.partition(".")[0] for node in imports for n in node.names}
    decorators = frozenset(id(line) for node in functions for line in node.decorator_list)
    instances = _instances(nodes, {c.name for c in classes if _is_plain(c)}) - given - named
    own_functions = frozenset(node.name for node in functions) - assigned - given
    return Own(variables, PRELUDE | modules, decorators, own_functions, frozenset(instances), methods)


def _is_plain(kind: ast.ClassDef) -> bool:
    """Whether to call a class is to get an object of it."""
    marked = any(getattr(line, "id", None) != "dataclass" for line in kind.decorator_list)
    return not (kind.bases or kind.keywords or marked or any(getattr(line, "name", None) == "__new__" for line in kind.body))


def _instances(nodes: list[ast.AST], classes: set[str]) -> set[str]:
    """Return the names to which nothing is assigned but objects of these classes, as `w = Welford()` does."""
    stored = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del))
    made: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", None) in classes:
            made.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return {name for name, times in made.items() if times == stored[name]}


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


def _reaches_inside(node: ast.AST, own: Own, *, called: bool, looked_into: bool) -> bool:
    """Whether a node of a syntax tree names, or hides, what leads into the interpreter.

    called: it is the function of a call. looked_into: it is what an attribute is taken from.
    """
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _imports_inside(node)
    if isinstance(node, ast.Attribute):
        return _attribute_inside(node, own, called)
    if isinstance(node, ast.Name):
        # A variable may well be called modules. What is not called gets another name.
        if node.id in ONLY:
            return not looked_into
        return (node.id in INSIDE and node.id != "modules") or (node.id in BY_TEXT and not called)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and _names_inside(node.value)
    if isinstance(node, ast.MatchClass):
        return bool(INSIDE.intersection(node.kwd_attrs))
    if isinstance(node, ast.keyword):
        return node.arg in INSIDE or (node.arg == "weights_only" and getattr(node.value, "value", None) is not True)
    if isinstance(node, ast.FunctionDef):
        return node.name in INSIDE and node.name.startswith(("__", "convert_", "format_", "get_"))
    return isinstance(node, ast.Call) and (_runs_a_text(node, own) or _hides_names(node, own))


def _imports_inside(node: ast.Import | ast.ImportFrom) -> bool:
    origin = getattr(node, "module", None) or ""
    words = [*origin.split("."), *(word for n in node.names for word in n.name.split("."))]
    renamed = any(n.asname and (n.name in BY_TEXT or n.name in ONLY) for n in node.names)
    beyond = origin in ONLY and not ONLY[origin].issuperset(n.name for n in node.names)
    of_timeit = origin == "timeit" and any(n.name != "default_timer" for n in node.names)
    return bool(INSIDE.intersection(words)) or renamed or beyond or of_timeit or not _is_ordinary(node)


def _is_ordinary(node: ast.Import | ast.ImportFrom) -> bool:
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
    return all(name in ORDINARY or name == DISPLAY or name.partition(".")[0] in PACKAGES for name in modules)


def _attribute_inside(node: ast.Attribute, own: Own, called: bool) -> bool:
    if node.attr in ("modules", "attrgetter", "methodcaller"):
        return not called  # sys.modules, and not layer.modules()
    if not isinstance(node.ctx, ast.Load) and _is_of_a_module(node, own):
        return True
    if isinstance(node.value, ast.Name) and node.value.id in ONLY:
        return node.attr not in ONLY[node.value.id]
    if node.attr in BY_ATTRIBUTE:
        return not _is_super(node.value)
    if node.attr in INSIDE:
        return not (node.attr == "__dict__" and _is_own(node.value))
    if node.attr.startswith("_"):
        stored = isinstance(node.ctx, ast.Store) and node.attr.startswith("__")
        of_own_class = isinstance(node.ctx, ast.Load) and (getattr(node.value, "id", None), node.attr) in own.methods
        of_instance = not node.attr.startswith("__") and getattr(node.value, "id", None) in own.instances
        known = node.attr in FOR_ALL or of_own_class or of_instance
        return stored or not (known or _is_own(node.value) or _is_super(node.value))
    return False


def _names_inside(text: str) -> bool:
    """Whether a text is such a name, or has one of Python's own in it, as in `"{0.__globals__}"`."""
    if INSIDE_A_TEXT.intersection(text.split(".")):
        return True
    return "__" in text and any(word.startswith("__") for word in INSIDE_A_TEXT.intersection(re.findall(r"\w+", text)))


def _is_of_a_module(node: ast.AST, own: Own) -> bool:
    """Whether something stands in what was imported, and is no setting: to change it is to change what others find there."""
    names = set()
    while isinstance(node, ast.Attribute):
        names.add(node.attr)
        node = node.value
    return isinstance(node, ast.Name) and node.id in own.modules and id(node) not in own.variables and not names & SETTINGS


def _runs_a_text(call: ast.Call, own: Own) -> bool:
    """Whether a call runs a text, or finds something by a name that does not stand there."""
    if isinstance(call.func, ast.Attribute):
        name = call.func.attr
        if name in ("timeit", "Timer") or (isinstance(call.func.value, ast.Name) and call.func.value.id == "timeit"):
            return name != "default_timer" and not _times_a_function(call, own)
        if name not in ("attrgetter", "methodcaller"):
            return False  # model.eval() and re.compile() are other functions
    elif isinstance(call.func, ast.Name):
        name = call.func.id
    else:
        return False
    if name not in IF_HIDDEN:
        return name in ALWAYS
    of_own = bool(call.args) and _is_own(call.args[0])
    place = IF_HIDDEN[name]
    texts = call.args[place : place + 1]
    if name in ("setattr", "delattr") and not of_own:
        private = any(isinstance(text, ast.Constant) and str(text.value).startswith("_") for text in texts)
        if private or (call.args and _is_of_a_module(call.args[0], own)):
            return True
    return not of_own and not all(isinstance(text, ast.Constant) for text in texts)


def _times_a_function(call: ast.Call, own: Own) -> bool:
    """Whether a call of ``timeit`` is given a function: what else it takes is a text to run."""
    if len(call.args) != 1 or any(given.arg not in ("number", "repeat") for given in call.keywords):
        return False
    timed = call.args[0]
    return isinstance(timed, ast.Lambda) or (isinstance(timed, ast.Name) and timed.id in own.functions)


def _hides_names(call: ast.Call, own: Own) -> bool:
    """Whether a call hands over names of attributes that need not stand there, or lets a file hold more than numbers."""
    name = getattr(call.func, "attr", getattr(call.func, "id", None))
    unseen = any(isinstance(arg, ast.Starred) for arg in call.args) or any(given.arg is None for given in call.keywords)
    if name == "load":
        # In the third place NumPy is told to allow more, and Triton what stands in for lanes that are left out: 0.
        more = call.args[2:]
        return unseen or (more != [] and not (len(more) == 1 and _is_zero(more[0])))
    if name == "wraps":
        return unseen or bool(call.keywords) or len(call.args) > 1 or id(call) not in own.decorators
    return name == "parse_args" and (unseen or len(call.args) > 1 or bool(call.keywords))


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == 0


def _is_own(node: ast.expr) -> bool:
    """Whether it is a method's own object: classes that look up their own attributes are common."""
    return isinstance(node, ast.Name) and node.id in OWN_OBJECTS


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args
