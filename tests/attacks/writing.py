"""Submissions that write where they may not, or leave something for whoever comes next."""

from tests.attacks.reading import looking
from tests.attacks.rows import Row

LEFT = "LEFT-BY-THE-ONE-BEFORE"

WRITE = f'''
import os, sys, site, sysconfig
def put(path, text={LEFT!r}):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        pass
'''

SHARED = '''
import ctypes, mmap, socket
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
places = ["/tmp/left", "/dev/shm/left", "/dev/left", "/dev/mqueue/left", "/left", "/student_side/left", "/proc/left",
          "/var/tmp/left", os.path.expanduser("~/left"), sys.prefix + "/left"]
'''

LEAVE = looking(WRITE + SHARED + f"""
for path in places:
    put(path)
number = libc.shmget(4242, 4096, 0o1666)
if number >= 0:
    ctypes.memmove(libc.shmat(number, None, 0), {LEFT!r}.encode(), {len(LEFT)})
stay = socket.socket(socket.AF_UNIX)
try:
    stay.bind("\\0left")
    stay.listen()
except OSError:
    pass
libc.syscall(248, b"user", b"left", {LEFT!r}.encode(), {len(LEFT)}, -4)
libc.syscall(248, b"user", b"left", {LEFT!r}.encode(), {len(LEFT)}, -5)
""")

FIND = looking(WRITE + SHARED + f"""
for path in places:
    read(path)
number = libc.shmget(4242, 4096, 0)
if number >= 0:
    tell("FOUND memory", ctypes.string_at(libc.shmat(number, None, 0), {len(LEFT)}))
try:
    other = socket.socket(socket.AF_UNIX)
    other.connect("\\0left")
    tell("FOUND a socket")
except OSError:
    pass
kept = ctypes.create_string_buffer(100)
for ring in (-3, -4, -5):
    key = libc.syscall(250, 10, ring, b"user", b"left", 0)
    if key > 0 and libc.syscall(250, 11, key, kept, 100) > 0:
        tell("FOUND a key", kept.value)
""")

ROWS = (
    # The first in the alphabet, so that each worker meets one that leaves before one that finds.
    *(Row(f"000_leaves_something_{i}", LEAVE) for i in range(4)),
    *(Row(f"001_finds_something_{i}", FIND) for i in range(4)),
    Row("writes_the_gradebook", looking("""
import sqlite3
for path in (ROOT + "/grading/gradebook.db", "/grading/gradebook.db"):
    try:
        with sqlite3.connect(path, timeout=0.1) as db:
            db.execute("UPDATE grade SET auto_score = 1000, manual_score = 1000")
    except sqlite3.Error:
        pass
""")),
    Row("writes_over_peers", looking(WRITE + """
for room in ("submitted", "autograded", "feedback"):
    for path in (f"{ROOT}/grading/{room}/{PEER}/1_z_scores/1_z_scores.ipynb", f"../{PEER}/1_z_scores/1_z_scores.ipynb"):
        put(path)
""")),
    Row("writes_over_the_judge", looking(WRITE + """
for path in ("/student_side/runner.py", "/student_side/wire.py", "/student_side/parent.py", ROOT + "/autograder/judging.py",
             ROOT + "/nbgrader_config.py", ROOT + "/solutions/1_z_scores/1_z_scores.ipynb"):
    put(path, "raise SystemExit")
""")),
    Row("writes_start_up_files", looking(WRITE + """
code = "import sys; sys.modules['numpy'] = None"
for folder in (*site.getsitepackages(), site.getusersitepackages(), *sysconfig.get_paths().values(), os.path.dirname(np.__file__)):
    for name in ("sitecustomize.py", "usercustomize.py", "left.pth", "numpy.py"):
        put(os.path.join(folder, name), code)
for name in ("~/.bashrc", "~/.profile", "~/.ipython/profile_default/startup/00.py", "~/.jupyter/jupyter_config.py", "~/.config/matplotlib/matplotlibrc"):
    put(os.path.expanduser(name), code)
""")),
    Row("changes_rights_and_links", looking("""
for path in (ROOT + "/grading/course_secret", "/student_side/runner.py", sys.executable):
    for change in (lambda p: os.chmod(p, 0o777), lambda p: os.chown(p, 65534, 65534), lambda p: os.link(p, "/tmp/link"),
                   os.unlink, lambda p: os.rename(p, "/tmp/moved"), lambda p: os.truncate(p, 0)):
        try:
            change(path)
            tell("LEAK", path)
        except OSError:
            pass
""")),
    Row("signals_to_everyone", looking("""
import signal
for process in (os.getppid(), 1, 2, 3, *range(4, 300), -1, 0):
    if process not in (os.getpid(), 0, -1):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass
try:
    os.kill(-1, signal.SIGSTOP)
except OSError:
    pass
""")),
    Row("raises_its_limits", looking("""
import resource
for name in dir(resource):
    if name.startswith("RLIMIT_"):
        try:
            resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            pass
try:
    np.ones(2**29).sum()
    tell("LEAK of memory")
except MemoryError:
    pass
""")),
    Row("changes_the_clock_and_the_name", looking("""
import socket, time
for change in (lambda: time.clock_settime(time.CLOCK_REALTIME, 0), lambda: socket.sethostname("evil"), lambda: os.nice(-20)):
    try:
        change()
        tell("LEAK", change)
    except OSError:
        pass
""")),
)  # fmt: skip
