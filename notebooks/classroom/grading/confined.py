"""What a process of a submission may take and touch.

Time and memory are limited as for a check (`workshop.limit`). On Linux, Landlock keeps the process,
and all that it starts, from files outside of its own folder and of what Python and the course
consist of, from the network, and from signals to other processes: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import site
import struct
import sys
from pathlib import Path
from sys import path as import_path

import mytorch_core
from classroom.judging import workshop
from classroom.training import mnist

CREATE, ADD, RESTRICT = 444, 445, 446  # the same on every processor
EXECUTE, WRITE, READ, LIST = 1, 2, 4, 8
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}  # of files, by Landlock's version
NETWORK, SIGNALS = 0b11, 0b11  # bind and connect; abstract sockets and signals
NO_NEW_PRIVILEGES = 38
FILE_SIZE, OPEN_FILES = 16 * 2**20, 128


def version():
    """Landlock's version, 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, _call(CREATE, None, 0, 1))


def confine(folder):
    """From now on this process writes to this folder alone, and reads only what Python and the
    course consist of, as far as the system can see to that."""
    os.chdir(folder)
    os.environ["TMPDIR"] = str(folder)
    if workshop.resource:
        workshop.lower(workshop.resource.RLIMIT_FSIZE, FILE_SIZE)
        workshop.lower(workshop.resource.RLIMIT_NOFILE, OPEN_FILES)
    landlock = version()
    if landlock:
        _restrict(landlock, _allowed(folder))


def _allowed(folder):
    """(path, what may be done below it)."""
    yield folder, -1
    yield "/dev/null", READ | WRITE
    yield "/dev/urandom", READ
    python = [sys.prefix, sys.base_prefix, Path(sys.executable).resolve().parent]
    system = ["/usr", "/lib", "/lib64", "/bin", "/opt", "/etc", "/proc", "/sys/devices/system/cpu"]
    packages = [*site.getsitepackages(), site.getusersitepackages()]
    rooms, core = Path(__file__).parents[1], Path(mytorch_core.__file__).parent
    course = [rooms, core, mnist.data_folder()]
    for path in [*python, *system, *packages, *course]:
        yield path, EXECUTE | READ | LIST
    for path in import_path:  # where Python looks for packages, which may hold anything else, too
        yield path or ".", LIST


def _restrict(landlock, allowed):
    files = RIGHTS.get(landlock, RIGHTS[3])
    attributes = struct.pack("<QQQ", files, NETWORK, SIGNALS)
    size = 8 if landlock < 4 else 16 if landlock < 6 else 24
    rules = _call(CREATE, attributes[:size], size, 0)
    for path, rights in allowed:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # not on this system
            continue
        of_files = -1 if os.path.isdir(path) else EXECUTE | WRITE | READ
        rule = struct.pack("<Qi", rights & files & of_files, place)
        _done(_call(ADD, rules, 1, rule, 0))
        os.close(place)
    _done(ctypes.CDLL(None, use_errno=True).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _done(_call(RESTRICT, rules, 0))
    os.close(rules)


def _call(*arguments):
    return ctypes.CDLL(None, use_errno=True).syscall(*arguments)


def _done(result):
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
