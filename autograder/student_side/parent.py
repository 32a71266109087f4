"""The warm parent: imports what is slow to import once, then forks a student side for each submission.

It runs inside the sandbox, reads no student input, and obeys the socket on descriptor 0, and those that
arrive there by ``join``, one for each process of the trusted side:
``start <libraries>`` with a socket attached forks a student side that serves it and finds those
libraries' folders empty (none may be imported here), and answers with a number;
``stop <number>`` ends that student side and everything it started.

Every student side gets namespaces of its own: a private scratch folder, its own processes, its own shared
memory, and a network without any device, so that two which run at once can't meet. The first process in
there only waits; when it is killed, the kernel kills the rest.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, _FOLDER)
import runner  # noqa: E402

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x20000, 0x8000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


def main(scratch_bytes: int, isolated: bool, libraries: list[str], operators: list[str]) -> None:
    first = socket.socket(fileno=0)
    gc.disable()  # a fifth of the time that the imports take
    warm_up()
    if "torch" in libraries:
        warm_up_torch("triton" in libraries, operators)
    sys.path.remove(_FOLDER)
    leave_no_names()
    gc.freeze()  # else the collector of each student side would write to, and so copy, every page that they share
    gc.enable()
    mapped = address_space()
    controls: dict[socket.socket, set[int]] = {first: set()}  # who may order, and what each has started
    tell(first, "ready")
    while controls:
        for control in select.select(list(controls), [], [])[0]:
            order, words, sockets = hear(control)
            if order == "join":
                joined = socket.socket(fileno=sockets[0])
                controls[joined] = set()
                tell(joined, "ready")
            elif order == "start":
                number = start(sockets[0], scratch_bytes, isolated, folders_of(words), mapped, list(controls))
                os.close(sockets[0])
                controls[control].add(number)
                tell(control, str(number))
            elif order == "stop":
                stop(int(words[0]))
                controls[control].discard(int(words[0]))
                tell(control, "stopped")
            else:  # that process has ended; so does what it left
                for number in controls.pop(control):
                    stop(number)
                control.close()
            reap()


def hear(control: socket.socket) -> tuple[str, list[str], list[int]]:
    """Return (order, words, attached descriptors); the order is "" when nobody is there any more."""
    try:
        message, sockets, _, _ = socket.recv_fds(control, 4096, 1)
    except OSError:
        return "", [], []
    order, *words = message.decode().split() or [""]
    return order, words, sockets


def tell(control: socket.socket, answer: str) -> None:
    try:
        control.send(answer.encode())
    except OSError:
        pass  # its end is heard next


def warm_up() -> None:
    """Use what is slow at its first use."""
    import matplotlib.pyplot
    import numpy as np

    matplotlib.pyplot.show = matplotlib.use = lambda *args, **kwargs: None  # no window to wait for
    figure = matplotlib.pyplot.figure()
    figure.savefig(os.devnull, format="png")
    matplotlib.pyplot.close(figure)
    np.linalg.norm(np.random.default_rng(0).normal(size=(4, 4)) @ np.ones(4))
    np.array2string(np.ones(3))


def warm_up_torch(with_triton: bool, operators: list[str]) -> None:
    """Import PyTorch, use what is slow at its first use, refuse these of its operators.

    One thread: a pool of threads does not survive a fork.
    """
    import torch

    torch.set_num_threads(1)
    import torch_side

    runner.torch_side = torch_side
    torch_side.warm_up()
    if with_triton:
        import triton_side

        torch_side.triton_side = triton_side
        triton_side.warm_up()
    torch_side.refuse(operators)


def leave_no_names() -> None:
    """Let nobody find the modules of this folder by their names: much imports what a text says (``unittest.main``)."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(f"{_FOLDER}{os.sep}") and name != "__main__":
            del sys.modules[name]


def address_space() -> int:
    """Return the bytes of address space that this process has mapped."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def folders_of(libraries: list[str]) -> list[str]:
    paths = (os.path.join(folder, name) for name in libraries for folder in sys.path)
    return [path for path in paths if os.path.isdir(path)]


def start(
    connection: int, scratch_bytes: int, isolated: bool, hidden: list[str], mapped: int, controls: list[socket.socket]
) -> int:
    """Fork a student side; return the process that must be killed to end it all (0 if it failed)."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            for control in controls:  # they are not for what runs below
                control.close()
            os.dup2(writing, 0)
            os.close(reading)
            guard(connection, writing, scratch_bytes, isolated, hidden, mapped)
        finally:
            os._exit(1)
    os.close(writing)
    answer = os.read(reading, 16)
    os.close(reading)
    return int(answer or 0)


def guard(connection: int, writing: int, scratch_bytes: int, isolated: bool, hidden: list[str], mapped: int) -> None:
    """Stand outside the new namespaces, tell the number of the first process inside, wait for its end."""
    if isolated:
        enter_namespaces(scratch_bytes, hidden)
    first = os.fork()
    if first == 0:
        try:
            os.close(writing)
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            libc.prctl(PR_SET_DUMPABLE, 0)  # nobody traces it or reads its memory
            os.setsid()
            if isolated:
                drop_capabilities()
            wait_for(fork_student(connection, mapped))
        finally:
            os._exit(0)
    os.close(connection)
    os.write(writing, str(first).encode())
    os.close(writing)
    os.waitpid(first, 0)
    os._exit(0)


def fork_student(connection: int, mapped: int) -> int:
    """Fork the process that runs the student's code. Nothing but its socket is open there."""
    student = os.fork()
    if student == 0:
        try:
            os.chdir(os.environ["TMPDIR"])
            runner.serve_on(connection, mapped)
        finally:
            os._exit(0)
    os.close(connection)
    return student


def wait_for(student: int) -> None:
    while os.wait()[0] != student:
        pass


def enter_namespaces(scratch_bytes: int, hidden: list[str]) -> None:
    call("unshare", CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {NOBODY} 1"), ("gid_map", f"{NOBODY} {NOBODY} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    call("mount", b"tmpfs", os.environ["TMPDIR"].encode(), b"tmpfs", MS_NOSUID | MS_NODEV, f"size={scratch_bytes}".encode())
    # The old /proc shows the warm parent and the other students; no other can be mounted in here.
    for folder in ("/proc", *hidden):
        call("mount", b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, b"size=4096")


def drop_capabilities() -> None:
    """Give up every right that the new user namespace brought."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    call("capset", header, nothing)


def call(name: str, *arguments) -> None:
    """Call a function of libc. Raises OSError."""
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def stop(number: int) -> None:
    if number > 1:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            pass


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
