"""Runs one program on one input set, in a process of its own, and sends what each call returned.

This process holds the inputs and the program, never an expected value. Whatever the program does to
it, it can send nothing but values, which the judge compares elsewhere.
"""

import builtins
import copy
import ctypes
import faulthandler
import io
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time

from judge_comparison import NOT_NONE_ORACLES, is_floats
from judge_wire import encode

HEADER = struct.Struct(">BdQ")  # kind, seconds charged, length of what follows
LOADED, LOAD_ERROR, RESULT, ERROR = 1, 2, 3, 4
MAXIMUM_ERROR_LENGTH = 500
CALL_DEPTH = 30  # Python frames below the entry point, as under EvalPlus
RECURSION_LIMIT = 1000
PR_SET_DUMPABLE = 4


class TimeLimitExceeded(Exception):
    pass


class WriteOnlyText(io.StringIO):
    """What a program sees as its three standard streams: writing works, reading raises."""

    def read(self, *args, **kwargs):
        raise OSError

    def readline(self, *args, **kwargs):
        raise OSError

    def readlines(self, *args, **kwargs):
        raise OSError

    def __next__(self):
        raise OSError

    def readable(self, *args, **kwargs):
        return False


def run_order(order, problem, descriptor):
    """Carries out an order of the judge; messages go to the descriptor. Ends the process."""
    inputs = problem["inputs"][order["set"]]
    channel = Channel(descriptor)
    if order["mode"] == "reference":
        _run_reference(order, problem, inputs, channel)
    else:
        _restrict(order["memoryBytes"])
        _at_depth(CALL_DEPTH - 1, lambda: _run_candidate(order, problem, inputs, channel))
    os._exit(0)


class Channel:
    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.write = os.write

    def send(self, kind, seconds, payload=b""):
        data = HEADER.pack(kind, seconds, len(payload)) + payload
        view = memoryview(data)
        while view:
            view = view[self.write(self.descriptor, view) :]


class Clock:
    """Seconds that count: wall time without the time spent waiting for a processor."""

    def __init__(self):
        self.pread = os.pread
        self.wall = time.monotonic
        try:
            self.descriptor = os.open("/proc/self/schedstat", os.O_RDONLY)
        except OSError:
            self.descriptor = None

    def now(self):
        if self.descriptor is None:
            return self.wall()
        try:
            waited = int(self.pread(self.descriptor, 100, 0).split()[1])
        except (OSError, IndexError, ValueError):
            waited = 0
        return self.wall() - waited / 1e9


class Timer:
    """Raises in the program when one call was charged for more than its limit; fires once a call."""

    def __init__(self, clock):
        self.clock = clock
        self.set = signal.setitimer
        self.kind = signal.ITIMER_REAL
        self.install = signal.signal
        self.signal = signal.SIGALRM
        self.limit = 0.0
        self.started = 0.0

    def start(self, limit):
        self.limit = limit
        self.install(self.signal, self.on_alarm)
        self.started = self.clock.now()
        self.set(self.kind, limit)

    def stop(self):
        self.set(self.kind, 0)

    def on_alarm(self, signal_number, frame):
        remaining = self.limit - (self.clock.now() - self.started)
        if remaining > 1e-3:
            self.set(self.kind, remaining)
            return
        raise TimeLimitExceeded(f"no result within {self.limit:g} s")


def _run_reference(order, problem, inputs, channel):
    clock = Clock()
    not_none = problem["dataset"] == "mbpp" and problem["entryPoint"] in NOT_NONE_ORACLES
    with Quiet():
        try:
            function = _load(order["program"], problem["entryPoint"])
        except BaseException as error:
            channel.send(LOAD_ERROR, 0.0, _describe(error))
            return
        channel.send(LOADED, 0.0)
        for arguments in inputs:
            try:
                arguments = copy.deepcopy(arguments)
                started = clock.now()
                result = function(*arguments)
                seconds = clock.now() - started
                if not_none:
                    result = result is not None
                payload = bytes([is_floats(result)]) + encode(result)
            except BaseException as error:
                channel.send(ERROR, 0.0, _describe(error))
                return
            channel.send(RESULT, seconds, payload)


def _run_candidate(order, problem, inputs, channel):
    # The program may change any module, so that everything used from here on is held locally.
    clock = Clock()
    timer = Timer(clock)
    extra, limits, describe, quiet = order["extra"], order["limits"], _describe, Quiet
    result_bytes = _result_bytes
    try:
        with quiet():
            function = _load(order["program"], problem["entryPoint"])
    except BaseException as error:
        channel.send(LOAD_ERROR, 0.0, describe(error))
        return
    channel.send(LOADED, 0.0)
    for index, arguments in enumerate(inputs):
        started = clock.now()
        try:
            try:
                timer.start(limits[index])
                with quiet():
                    out = function(*arguments)
            finally:
                timer.stop()
            seconds = clock.now() - started
            payload = result_bytes(out, extra, arguments)
        except BaseException as error:
            channel.send(ERROR, clock.now() - started, describe(error))
            continue
        channel.send(RESULT, seconds, payload)
        out = payload = None


def _result_bytes(out, extra, arguments, encode=encode, set=set, list=list):
    def pair():
        if extra == "set":
            return encode((out, set(out)))
        if extra == "arguments":
            return encode((out, list(arguments)))
        return encode(out)

    try:
        return pair()
    except MemoryError:
        _lift_memory_limit()
        return pair()


def _load(program, entry_point):
    namespace = {}
    exec(program, namespace)
    return namespace[entry_point]


class Quiet:
    """Replaces the three standard streams by one in memory."""

    def __enter__(self):
        self.streams = sys.stdout, sys.stderr, sys.stdin
        sys.stdout = sys.stderr = sys.stdin = WriteOnlyText()

    def __exit__(self, *exception):
        sys.stdout, sys.stderr, sys.stdin = self.streams


def _describe(error):
    name = type(error).__name__
    try:
        text = f"{name}: {error}" if str(error) else name
    except BaseException:
        text = name
    return text[:MAXIMUM_ERROR_LENGTH].encode("utf-8", "backslashreplace")


def _at_depth(depth, function):
    frame, here = sys._getframe(), 0
    while frame is not None:
        frame, here = frame.f_back, here + 1
    _descend(depth - here, function)


def _descend(levels, function):
    if levels > 0:
        _descend(levels - 1, function)
    else:
        function()


def _lift_memory_limit(
    getrlimit=resource.getrlimit,
    setrlimit=resource.setrlimit,
    kinds=(resource.RLIMIT_AS, resource.RLIMIT_DATA),
):
    """An encoded copy of a large result is ours, not the program's, to pay for."""
    for kind in kinds:
        hard = getrlimit(kind)[1]
        setrlimit(kind, (hard, hard))


BUILTINS_REMOVED = ("exit", "quit", "open", "help")
OS_REMOVED = """
kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate
replace unlink fchmod fchown chmod chown chroot lchflags lchmod lchown getcwd chdir
""".split()
SHUTIL_REMOVED = ("rmtree", "move", "chown")
MODULES_BLOCKED = ("ipdb", "joblib", "resource", "psutil", "tkinter")


def _restrict(memory_bytes):
    """Memory limits and the guards that verdicts depend on; isolation is the sandbox's task."""
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_STACK):
        hard = resource.getrlimit(kind)[1]
        soft = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(kind, (soft, hard))
    sys.setrecursionlimit(RECURSION_LIMIT)
    faulthandler.disable()
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in BUILTINS_REMOVED:
        setattr(builtins, name, None)
    for name in OS_REMOVED:
        setattr(os, name, None)
    for name in SHUTIL_REMOVED:
        setattr(shutil, name, None)
    subprocess.Popen = None
    for name in MODULES_BLOCKED:
        sys.modules[name] = None


def read_order(descriptor):
    """The order that the judge sends first: a length and JSON."""
    length = struct.unpack(">Q", _read_exactly(descriptor, 8))[0]
    return json.loads(_read_exactly(descriptor, length))


def _read_exactly(descriptor, length):
    parts = []
    while length > 0:
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            os._exit(1)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def set_dumpable(dumpable):
    """Whether processes of the same user may look into this one."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)
