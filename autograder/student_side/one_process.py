"""A filter in the kernel (seccomp) under which a process may start no other process, and no thread.

So the limits that hold for one process hold for all of a submission, however many it would start, and which
functions it calls is seen, because Python reports them for each thread apart. Nor may it ask for memory that no limit
of a process counts: files without a place on any disk, or segments that stay when it lets them go.
"""

import ctypes
import errno
import platform
import struct

# What the kernel calls the machine, and the numbers of its system calls.
_MACHINES = {
    "x86_64": (
        0xC000003E,
        {"fork": 57, "vfork": 58, "unshare": 272, "clone": 56, "clone3": 435}
        | {"memfd_create": 319, "memfd_secret": 447, "shmget": 29, "msgget": 68, "io_uring_setup": 425},
    ),
    "aarch64": (
        0xC00000B7,
        {"unshare": 97, "clone": 220, "clone3": 435}
        | {"memfd_create": 279, "memfd_secret": 447, "shmget": 194, "msgget": 186, "io_uring_setup": 425},
    ),
}
_X32 = 0x40000000  # numbers from here on are x86_64's second set of system calls
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE = 0, 4  # where the filter finds them
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2


def stay_one_process() -> None:
    """Put the filter on this process, for good. Raises OSError; does nothing on a machine it does not know."""
    if platform.machine() not in _MACHINES:
        return
    code = b"".join(_program(*_MACHINES[platform.machine()]))
    text = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(text)))
    libc = ctypes.CDLL(None, use_errno=True)
    for order in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0)):
        if libc.prctl(*order) != 0:
            raise OSError(ctypes.get_errno(), "the process can't be limited to itself (seccomp)")


def _program(machine: int, calls: dict[str, int]) -> list[bytes]:
    """Return the filter's instructions; a jump skips the given numbers of them if it holds, and if not."""
    refuse = _step(_RETURN, _REFUSE | errno.EPERM)
    steps = [_step(_LOAD, _MACHINE), _step(_EQUAL, machine, 1, 0), refuse]
    steps += [_step(_LOAD, _NUMBER), _step(_AT_LEAST, _X32, 0, 1), refuse]
    for number in calls.values():
        steps += [_step(_EQUAL, number, 0, 1), refuse]
    return [*steps, _step(_RETURN, _ALLOW)]


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_so, if_not, value)
