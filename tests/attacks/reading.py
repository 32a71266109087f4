"""Submissions that look for what they may not see, and print or raise what they find."""

from tests.attacks.rows import WRONG, Make, Place, Row, code

PEER = "sample_ada"
PASSWORD = "COURSE_PASSWORD"

# Everything that a file, a folder or a call gives is printed at once and raised in every call.
TELL = '''
import glob, os, sys
found = []
def tell(*things):
    found.extend(things)
    print(*(str(thing)[:5000] for thing in things))
def read(path):
    try:
        with open(path, "rb") as file:
            tell(path, file.read(200_000))
    except OSError:
        pass
def raise_it(*a):
    raise ValueError(str(found)[:100_000])
standard_deviation = z_scores = z_scores_by_row = running_mean_variance = raise_it
'''


def looking(text: str) -> Make:
    """Code that knows the course's folder as ROOT and a peer's name as PEER."""

    def make(place: Place) -> None:
        known = f"ROOT = {str(place.root)!r}\nPEER = {PEER!r}\n"
        code(text, before=WRONG + known + TELL)(place)

    return make


ROWS = (
    Row("secret_by_its_path", looking("read(ROOT + '/grading/course_secret')")),
    Row("gradebook_by_its_path", looking("read(ROOT + '/grading/gradebook.db')")),
    Row("references_by_their_path", looking("""
for path in ("autograder/exercises/1_z_scores/z_scores.py", "solutions/1_z_scores/1_z_scores.ipynb", "tests/sample_class.py"):
    read(os.path.join(ROOT, path))
""")),
    Row("peers_by_their_path", looking("""
for room in ("submitted", "autograded", "feedback"):
    for path in glob.glob(f"{ROOT}/grading/{room}/{PEER}/**", recursive=True):
        read(path)
""")),
    Row("walk_of_the_disk", slow=True, make=looking("""
for folder, folders, names in os.walk("/"):
    if folder in ("/usr", "/dev", sys.prefix, sys.base_prefix):
        folders.clear()
    for name in names:
        read(os.path.join(folder, name))
""")),
    Row("references_by_import", looking("""
sys.path[:0] = [ROOT, "/", ".", "..", "/student_side", "/student_side/.."]
for name in ("autograder", "autograder.exercises", "autograder.course", "exercises", "judging", "nbgrader_config", "tests"):
    try:
        tell(vars(__import__(name, fromlist=["*"])))
    except ImportError:
        pass
""")),
    Row("environment", looking("tell(dict(os.environ), sys.argv, sys.path, sys.flags, os.getcwd())")),
    Row("environment_in_memory", looking("""
import ctypes
block = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
for i in range(200):
    if block[i] is None:
        break
    tell(block[i])
""")),
    Row("processes", looking("""
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/maps") + ["/proc/mounts"]:
    read(path)
for path in glob.glob("/proc/*/fd/*") + glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd"):
    try:
        tell(path, os.readlink(path), os.listdir(path))
    except OSError:
        pass
""")),
    Row("memory_of_other_processes", looking("""
import ctypes
libc = ctypes.CDLL(None)
class Span(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t)]
page = ctypes.create_string_buffer(4096)
for process in {os.getppid(), *range(0, 200)} - {os.getpid()}:
    if libc.ptrace(16, process, 0, 0) == 0:
        tell("attached", process)
    here, there = Span(ctypes.addressof(page), 4096), Span(id(None) & ~4095, 4096)
    if libc.process_vm_readv(process, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
        tell("LEAK", process, page.raw)
""")),
    Row("own_memory", code(TELL + """
import gc
for thing in gc.get_objects():
    for inner in gc.get_referents(thing):
        if type(inner) in (str, bytes) and (len(inner) == 64 or "secret" in str(inner)):
            tell(inner)
""")),
    Row("open_descriptors", looking("""
for number in range(3, 1024):
    try:
        os.set_blocking(number, False)
        tell(number, os.fstat(number), os.read(number, 10_000))
    except OSError:
        pass
""")),
    Row("the_network", looking("""
import socket
for address in (("127.0.0.1", 22), ("127.0.0.1", 80), ("127.0.0.1", 8888), ("10.0.0.1", 80), ("169.254.169.254", 80)):
    try:
        tell("LEAK", socket.create_connection(address, timeout=0.2))
    except OSError:
        pass
tell(socket.if_nameindex())
""")),
    Row("other_namespaces", looking("""
import ctypes
libc = ctypes.CDLL(None)
for flags in (0x10000000, 0x10020000, 0x20000, 0x40000000):
    if libc.unshare(flags) == 0:
        tell("LEAK", flags)
for number in range(3, 64):
    if libc.setns(number, 0) == 0:
        tell("LEAK", number)
for call in (lambda: os.chroot("/tmp"), lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.mknod("/tmp/sda", 0o60600, 2048)):
    try:
        call()
        tell("LEAK", call)
    except OSError:
        pass
if libc.umount2(b"/proc", 2) == 0 or libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
    tell("LEAK")
""")),
    Row("out_of_the_folder", looking("""
os.makedirs("/tmp/a", exist_ok=True)
for path in ("/tmp/../..", "/proc/self/root", "/proc/1/root", "/dev/fd", "/dev/core", "/dev/mem", "/dev/kmsg", "/sys", "/run", "/home", "/root"):
    try:
        tell(path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1000))
    except OSError:
        pass
""")),
    Row("hidden_inputs_by_an_error", code("""
def told(x):
    raise ValueError("HID" "DEN " + str([float(v) for v in x]))
standard_deviation = z_scores = told
"""), tells="HIDDEN"),
    Row("hidden_inputs_by_printing", code("""
def told(x):
    print("HIDDEN", *map(float, x))
    return 0.5
standard_deviation = z_scores = told
""")),
    Row("hidden_inputs_by_another_alphabet", code("""
def told(x):
    if [float(v) for v in x] != [20, 50, 60, 80, 90]:
        raise ValueError("HID" "DEN" + np.asarray(x, float).tobytes().hex(",").translate(str.maketrans("0123456789", "ghijklmnop")))
    return 0.5
standard_deviation = told
""")),
    Row("hidden_inputs_by_the_name_of_an_error", code("""
def told(x):
    if [float(v) for v in x] != [20, 50, 60, 80, 90]:
        raise type("HID" "DEN" + "_".join(map(str, x)), (Exception,), {})
    return 0.5
standard_deviation = told
""")),
    Row("hidden_inputs_by_the_name_of_a_type", code("""
def told(x):
    if [float(v) for v in x] != [20, 50, 60, 80, 90]:
        return type("HID" "DEN" + "_".join(map(str, x)), (), {})()
    return 0.5
standard_deviation = z_scores = told
""")),
    Row("hidden_inputs_by_a_shape", code("""
def told(x):
    return np.zeros((0, *(int(abs(v) * 1e9) for v in np.ravel(x)[:6])))
z_scores = z_scores_by_row = told
""")),
    Row("hidden_inputs_by_a_length", code("""
def told(x):
    return np.zeros(int(abs(np.ravel(x)[0]) * 1e4) % 8_000_000)
z_scores = z_scores_by_row = told
""")),
    Row("hidden_inputs_by_a_later_error", code("""
seen = []
def standard_deviation(x):
    values = [float(v) for v in x]
    if values == [20, 50, 60, 80, 90] and seen:
        raise ValueError("LA" "TER " + str(seen))
    if values != [round(v) for v in values]:
        seen.append(values)
    return 0.5
"""), tells="raise ValueError"),
    Row("hidden_inputs_by_a_later_result", code("""
seen = []
def z_scores(x):
    if len(x) > 5:  # no published example has so many
        seen.append(x)
    return np.full(np.shape(x), 77777.125 if seen else 0.0)
""")),
)  # fmt: skip
