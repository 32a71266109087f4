"""Submissions that lie to the checks: patched libraries, objects that agree with everything, forged replies."""

from tests.attacks.rows import EXERCISES, FIRST, QUIZ, Make, Place, Row, answered, code, solutions

OTHERS = tuple(name for name in (*EXERCISES, QUIZ) if name != FIRST)

# Writes a frame to every descriptor that is open; the reply pipe is among them.
FORGE = '''
import json, os, struct
def frame(head, body=b""):
    head = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack(">IQ", len(head), len(body)) + head + body
def everywhere(data):
    for number in range(3, 256):
        try:
            os.write(number, data)
        except OSError:
            pass
def answer(kind="call", **more):
    return frame({"answer": kind, "changed": [], "warnings": [], **more})
FLATTERY = dict(passed=True, points=100, score=100, verdict="passed", values={"t": "float", "value": 0.5})
'''

AGREEABLE = '''
class Agreeable:
    """Equal to everything, close to everything."""
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __float__(self): return 0.0
    def __array__(self, *a, **k): return np.zeros(1)
    def __array_function__(self, function, types, args, kwargs): return True
    def __array_ufunc__(self, *a, **k): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __len__(self): return 1
    def __iter__(self): return iter((self, self))
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = lambda self, *other: True
    __hash__ = object.__hash__
'''

EVERYWHERE = "standard_deviation = z_scores = z_scores_by_row = running_mean_variance = lambda *a: {}\n"

BY_LIBRARY = "ready_made = {}\ndef standard_deviation(scores):\n    return float(ready_made(np.asarray(scores)))\n"

# The library's function, and a call of it when the watch was switched off.
ALIAS = "import sys\nspread = np.std\n"
UNSEEN = ALIAS + "def standard_deviation(scores):\n    {}\n    return float(spread(scores))\n"
OFF = "list(map(sys.setprofile, [None]))"


def after_a_first_cell(first: str, second: str) -> Make:
    """Nothing but two cells of code: what the first one does, the second one builds on."""

    def make(place: Place) -> None:
        notebook = place.empty()
        for cell, text in zip(solutions(notebook), (first, second)):
            cell["source"] = "import numpy as np\n" + text if text is first else text
        place.write(notebook)

    return make


IN_FRAMES = '''
import gc, sys
def frames():
    frame = sys._getframe(1)
    while frame:
        yield frame
        frame = frame.f_back
'''

ROWS = (
    Row("patched_comparisons", code("""
        for name in ("allclose", "isclose", "array_equal", "array_equiv", "all", "any", "equal"):
            setattr(np, name, lambda *a, **k: True)
        for name in dir(np.testing):
            if name.startswith("assert"):
                setattr(np.testing, name, lambda *a, **k: None)
    """)),
    Row("patched_builtins", code("""
        import builtins, math
        builtins.all = builtins.any = builtins.isinstance = lambda *a: True
        builtins.abs = builtins.max = builtins.sum = lambda *a, **k: 0.0
        math.isclose = lambda *a, **k: True
    """)),
    Row("replaced_modules", code("""
        import sys, types
        class Anything(types.ModuleType):
            def __getattr__(self, name): return lambda *a, **k: True
        for name in ("autograder", "autograder.judging", "wire", "runner", "nbgrader", "numpy", "pytest", "unittest"):
            sys.modules[name] = Anything(name)
    """)),
    Row("patched_json", code("""
        import json
        json.dumps = lambda *a, **k: '{"answer": "call", "passed": true, "points": 100, "values": {"t": "none"}}'
        json.loads = lambda *a, **k: {"request": "call", "name": "standard_deviation", "keep": []}
    """)),
    Row("patched_struct", code("""
        import struct, sys
        struct.pack = lambda *a: b"\\0" * 12
        sys.modules["wire"]._PREFIX = type("Prefix", (), {"pack": lambda s, *a: b"\\0" * 12, "unpack": lambda s, b: (0, 0)})()
    """)),
    Row("patched_wire", code("""
        import sys
        wire = sys.modules["wire"]
        pack = wire.pack
        wire.pack = lambda message, values=None: pack({**message, "passed": True, "points": 100}, 0.5)
    """)),
    Row("patched_runner", code("""
        import sys
        runner = sys.modules["runner"]
        runner.StudentCode.call = lambda self, message, values: ({"changed": [], "warnings": [], "passed": True}, True)
        runner.describe = lambda error: None
    """)),
    Row("erased_errors", code("""
        import sys, contextlib
        sys.excepthook = lambda *a: None
        sys.modules["runner"].describe = lambda error: {}
        def standard_deviation(scores): raise ValueError("not seen")
        z_scores = z_scores_by_row = running_mean_variance = standard_deviation
    """)),
    Row("array_that_compares_equal", code("""
        class Equal(np.ndarray):
            __eq__ = __le__ = __ge__ = lambda self, other: np.ones(self.shape, bool)
            __sub__ = __rsub__ = lambda self, other: np.zeros(self.shape)
            __array_ufunc__ = __array_function__ = lambda self, *a, **k: np.zeros(self.shape)
        z_scores = z_scores_by_row = lambda x: np.zeros(np.shape(x)).view(Equal)
        standard_deviation = lambda x: np.zeros(()).view(Equal)
        running_mean_variance = lambda x: (np.zeros(()).view(Equal), np.zeros(()).view(Equal))
    """)),
    Row("agreeable_object", code(AGREEABLE + EVERYWHERE.format("Agreeable()"))),
    Row("agreeable_pair", code(AGREEABLE + EVERYWHERE.format("(Agreeable(), Agreeable())"))),
    Row("float_that_is_equal", code("""
        class Right(float):
            __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda self, other: True
            __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
        standard_deviation = lambda x: Right(0)
        running_mean_variance = lambda x: (Right(0), Right(0))
    """)),
    Row("tuple_with_another_length", code("""
        class Pair(tuple):
            def __len__(self): return 2
        running_mean_variance = lambda stream: Pair((0.0, 0.0, 0.0))
    """)),
    Row("masked_array", code("""
        z_scores = z_scores_by_row = lambda x: np.ma.masked_all(np.shape(x))
        standard_deviation = lambda x: np.ma.masked
    """)),
    Row("nan_for_everything", code("""
        z_scores = z_scores_by_row = lambda x: np.full(np.shape(x), np.nan)
        standard_deviation = lambda x: float("nan")
        running_mean_variance = lambda stream: (float("nan"), float("nan"))
    """)),
    Row("infinite_for_everything", code("""
        z_scores = z_scores_by_row = lambda x: np.full(np.shape(x), np.inf)
        standard_deviation = lambda x: float("inf")
        running_mean_variance = lambda stream: (float("inf"), float("inf"))
    """)),
    Row("object_array", code("z_scores = z_scores_by_row = lambda x: np.array([object()] * len(x), dtype=object)")),
    Row("complex_and_structured", code("""
        z_scores = lambda x: np.zeros(np.shape(x), complex)
        z_scores_by_row = lambda x: np.zeros(np.shape(x), [("a", float)])
        standard_deviation = lambda x: 0j
        running_mean_variance = lambda x: (np.datetime64("2020"), np.timedelta64(1))
    """)),
    Row("inputs_handed_back", code(EVERYWHERE.format("a[0]"))),
    Row("tree_transformer", code("""
        import ast, builtins, sys
        parse, build = ast.parse, builtins.compile
        ast.parse = lambda *a, **k: parse("passed = True")
        builtins.compile = lambda *a, **k: build("passed = True", "x", "exec")
    """)),
    Row("input_transformer", code("""
        get_ipython().input_transformers_post.append(lambda lines: ["pass"])
    """)),
    Row("functions_that_compile_to_others", code("""
        import ctypes
        def zero(*a): return 0.0
        for name in ("allclose", "isclose", "std", "mean"):
            setattr(np, name, zero)
        np.ndarray.__hash__ = zero
    """)),
    Row("forged_reply", code(FORGE + """
def forge(*a):
    everywhere(answer(**FLATTERY))
    return 0.5
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = forge
""")),
    Row("replies_ahead_of_the_questions", code(FORGE + "everywhere(answer('cell') + 200 * answer(**FLATTERY))\n")),
    Row("replies_from_a_thread", code(FORGE + """
import threading, time
def flood():
    while True:
        everywhere(answer(**FLATTERY))
        time.sleep(0.001)
threading.Thread(target=flood, daemon=True).start()
""")),
    Row("replies_at_exit", code(FORGE + """
import atexit
atexit.register(everywhere, 50 * answer(**FLATTERY))
def leave(*a): raise SystemExit(0)
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = leave
""")),
    Row("reply_and_leave", code(FORGE + """
def leave(*a):
    everywhere(answer(**FLATTERY))
    os._exit(0)
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = leave
""")),
    Row("reply_for_the_quiz", code(FORGE + """
right = {"t": "dict", "items": [["q%d" % i, {"t": "str", "value": "abcd"}] for i in (1, 2, 3, 4)]}
everywhere(answer("cell") + answer("read", values=right))
""")),
    Row("answers_in_the_frames", code(IN_FRAMES + """
def look(*a):
    for frame in frames():
        for name, value in list(frame.f_locals.items()):
            if name in ("expected", "reference", "right", "secret", "answer"):
                return value
    return 0.5
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = look
""")),
    Row("answers_in_the_collector", code(IN_FRAMES + """
def look(x):
    arrays = [o for o in gc.get_objects() if type(o) is np.ndarray and o is not x and o.shape == np.shape(x)]
    return arrays[-1] if arrays else 0.5
standard_deviation = z_scores = z_scores_by_row = look
""")),
    Row("next_requests_read_ahead", slow=True, seconds=60, make=code(IN_FRAMES + """
def look(*a):
    for frame in frames():
        me = frame.f_locals.get("self")
        if hasattr(me, "requests"):
            return float(len(me.requests.peek(1)))
    return 0.5
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = look
""")),
    Row("runner_told_another_answer", code(IN_FRAMES + """
def look(*a):
    for frame in frames():
        me = frame.f_locals.get("self")
        if hasattr(me, "replies"):
            me.leave = lambda result, keep: True
            me.call = lambda message, values: ({"passed": True}, True)
    return True
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = look
""")),
    Row("visible_examples_by_heart", code("""
        def standard_deviation(scores):
            known = {(20, 50, 60, 80, 90): 600 ** 0.5, (1, 2, 4): 1.247219128924647, (1e8, 1e8 + 1, 1e8 + 2): (2 / 3) ** 0.5}
            return known.get(tuple(float(s) for s in scores), 0.0)
    """)),
    Row("quiz_that_answers_all", code("""
        class Every(dict):
            def get(self, *a): return "abcd"
            __getitem__ = get
        class Letter(str):
            def strip(self): return self
            def lower(self): return self
            def __eq__(self, other): return True
            __hash__ = str.__hash__
        answers = Every({"q%d" % i: Letter("z") for i in range(1, 5)})
    """)),
    Row("quiz_with_every_letter", code('answers = {"q%d" % i: ["a", "b", "c", "d"] for i in range(1, 5)}')),
    Row("library_by_another_name", answered(FIRST, BY_LIBRARY.format("np.std")), OTHERS),
    Row("library_by_getattr", answered(FIRST, BY_LIBRARY.format("getattr(np, 's' + 'td')")), OTHERS),
    Row("library_as_the_function", answered(FIRST, "standard_deviation = np.std"), OTHERS),
    Row("library_in_a_string", answered(FIRST, "exec('def standard_deviation(s): return float(np.s' + 'td(s))')"), OTHERS),
    Row("library_by_import", answered(FIRST, BY_LIBRARY.format("__import__('stat' + 'istics').__dict__['pst' + 'dev']")), OTHERS),
    Row("method_by_name", answered(FIRST, "import operator\n" + BY_LIBRARY.format("operator.methodcaller('s' + 'td')")), OTHERS),
    Row("forbidden_library_uncovered", answered(FIRST, """
        import sys
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "Forbidden"]
        torch = __import__("to" + "rch")
        def standard_deviation(scores):
            return float(getattr(torch.tensor(np.asarray(scores, dtype=float)), "st" + "d")(correction=0))
    """), OTHERS),
    Row("library_behind_a_blinded_watch", answered(FIRST, """
        import sys
        def standard_deviation(scores):
            sys.setprofile(None)
            return float(getattr(np, "st" + "d")(scores))
    """), OTHERS, tells="The code uses `setprofile`"),
    Row("library_behind_a_lost_set_profile", answered(FIRST, """
        import sys
        sys.setprofile = lambda function: None
        def standard_deviation(scores):
            return float(getattr(np, "st" + "d")(scores))
    """), OTHERS, tells="The code uses `std`"),
    Row("library_behind_a_watch_of_its_own", answered(FIRST, """
        import sys
        type(sys.stdout).write.__globals__["watcher"] = lambda names, used: None
        def standard_deviation(scores):
            return float(getattr(np, "st" + "d")(scores))
    """), OTHERS, tells="Not counted yet.*__globals__"),
    Row("change_hidden_from_the_runner", answered(FIRST, IN_FRAMES + """
def standard_deviation(scores):
    scores -= scores.mean()
    for frame in frames():
        if "before" in frame.f_locals:
            frame.f_locals["before"][0] = frame.f_globals["fingerprint"](scores)
    return float(np.sqrt((scores ** 2).mean()))
"""), (FIRST, *OTHERS), loses=(f"{FIRST}/untouched",), tells="Not counted yet"),
    Row("library_in_a_thread", answered(FIRST, ALIAS + """
import threading
def standard_deviation(scores):
    found = []
    thread = threading.Thread(target=lambda: found.append(spread(scores)))
    thread.start()
    thread.join()
    return float(found[0])
"""), OTHERS, tells="start new thread"),
    Row("library_behind_a_watch_ended_from_c", answered(FIRST, UNSEEN.format("list(map(object.__getattribute__(sys, 'set' + 'profile'), [None]))")), OTHERS, tells="The code uses `setprofile`"),
    Row("library_behind_an_unpickled_order", answered(FIRST, "import pickle\n" + UNSEEN.format(r"pickle.loads(b'csys\nsetprofile\n(NtR.')")), OTHERS, tells="The code uses `setprofile`"),
    Row("library_behind_a_text_run_unseen", answered(FIRST, UNSEEN.format(f"print.__self__.exec('import sys; {OFF}')")), OTHERS, tells="The code uses `setprofile`"),
    Row("library_behind_a_magic_line", answered(FIRST, "%matplotlib inline\n" + UNSEEN.format(OFF)), OTHERS, tells="The code uses `setprofile`"),
    Row("change_hidden_behind_a_magic_line", answered(FIRST, "%matplotlib inline\n" + IN_FRAMES + """
def standard_deviation(scores):
    scores -= scores.mean()
    for frame in frames():
        if "before" in frame.f_locals:
            frame.f_locals["before"][0] = frame.f_globals["fingerprint"](scores)
    return float(np.sqrt((scores ** 2).mean()))
"""), (FIRST, *OTHERS), loses=(f"{FIRST}/untouched",), tells="Not counted yet"),
    Row("library_too_deep_to_be_read", after_a_first_cell("import sys\nsys.setrecursionlimit(30_000)\n", "y = 0" + "+1" * 3500 + "\n" + UNSEEN.format(OFF))),
    Row("library_read_by_another_parser", after_a_first_cell(
        "import ast\nparse = ast.parse\nast.parse = lambda text, *a: parse(text.removeprefix('$$'), *a)\n", "$$\n" + UNSEEN.format(OFF))),
    Row("library_behind_a_module_of_its_own", answered(FIRST, """
        import sys
        with open("seaborn.py", "w") as file:
            file.write("import sys; end = sys.set" + "profile")
        sys.path.insert(0, ".")
        import seaborn
        spread = np.std
        def standard_deviation(scores):
            seaborn.end(None)
            return float(spread(scores))
    """), OTHERS, tells="seaborn is a file of your own"),
    Row("library_behind_a_text_run_by_numpy", answered(FIRST, UNSEEN.format(
        f"np.testing._private.utils.runstring('import sys; {OFF}', {{}})")), OTHERS, tells="The code uses `setprofile`"),
    Row("change_hidden_by_a_copied_name", answered(FIRST, """
        import functools, sys
        class Box:
            def __setattr__(self, name, value):
                found.append(value)
        def standard_deviation(scores):
            scores -= scores.mean()
            functools.update_wrapper(Box(), type(sys.stdout).write, ("__glo" + "bals__",), ())
            found.pop()["fingerprint"] = lambda value: 0
            return float(np.sqrt((scores ** 2).mean()))
        found = []
    """), (FIRST, *OTHERS), loses=(f"{FIRST}/untouched",), tells="Not counted yet"),
    Row("change_hidden_by_a_timed_text", answered(FIRST, """
        import timeit
        text = "\\n".join([
            "import sys",
            "frame = sys._getframe()",
            "while 'fingerprint' not in frame.f_globals: frame = frame.f_back",
            "frame.f_globals['fingerprint'] = lambda value: 0",
        ])
        def standard_deviation(scores):
            scores -= scores.mean()
            timeit.timeit(text, number=1)
            return float(np.sqrt((scores ** 2).mean()))
    """), (FIRST, *OTHERS), loses=(f"{FIRST}/untouched",), tells="Not counted yet"),
    Row("library_by_samples", answered(FIRST, """
        import statistics
        def standard_deviation(scores):
            n = len(scores)
            return statistics.NormalDist.from_samples(map(float, scores))._sigma * ((n - 1) / n) ** 0.5 if n > 1 else 0.0
    """), OTHERS, tells="The code uses `from_samples`"),
    Row("library_by_covariance", answered(FIRST, """
        import statistics
        both = statistics.covariance
        def standard_deviation(scores):
            n, values = len(scores), [float(v) for v in scores]
            return (both(values, values) * (n - 1) / n) ** 0.5 if n > 1 else 0.0
    """), OTHERS, tells="The code uses `covariance`"),
)  # fmt: skip
