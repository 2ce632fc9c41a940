"""Runs one program on one input set, in a process of its own, and sends what each call returned.

This process holds the inputs and the program, never an expected value. Whatever the program does to
it, it can send nothing but values, which the judge compares elsewhere.
"""

import builtins
import copy
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

import charged_time
from judge_comparison import NOT_NONE_ORACLES, is_floats
from judge_inputs import read_inputs
from judge_wire import encode_into

# kind, seconds charged, whether the value is of floats (from references), length of what follows
HEADER = struct.Struct(">BdBQ")
LOADED, LOAD_ERROR, RESULT, ERROR, PART, DROP = 1, 2, 3, 4, 5, 6
PART_BYTES = 1 << 20
OWN_DESCRIPTOR = 200
MAXIMUM_ERROR_LENGTH = 500
CALL_DEPTH = 30  # Python frames below the entry point, as under EvalPlus
RECURSION_LIMIT = 1000


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


def run_order(channel):
    """Carries out the order that comes over a socket and answers over it. Ends the process."""
    order = _read_order(channel.fileno())
    descriptor = os.dup2(channel.detach(), OWN_DESCRIPTOR)
    os.close(3)
    inputs = read_inputs(order["inputs"], order["dataset"], order["taskId"])
    channel = Channel(descriptor)
    if order["mode"] == "reference":
        _run_reference(order, inputs[: order["count"]], channel)
    else:
        _restrict(order["memoryBytes"])
        _at_depth(CALL_DEPTH - 1, lambda: _run_candidate(order, inputs, channel))
    os._exit(0)


class Channel:
    """Messages to the judge. Large values go in parts, so that no copy of them is made."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.write = os.write
        self.pack = HEADER.pack
        self.encode_into = encode_into

    def send(self, kind, seconds, payload=b"", floats=0):
        data = self.pack(kind, seconds, floats, len(payload)) + payload
        done = self.write(self.descriptor, data)
        while done < len(data):
            done += self.write(self.descriptor, memoryview(data)[done:])

    def send_value(self, seconds, value, floats=0):
        parts, size = [], 0

        def take(part):
            nonlocal size
            if size + len(part) > PART_BYTES:
                flush()
                part = memoryview(part)
                while len(part) > PART_BYTES:
                    self.send(PART, 0.0, bytes(part[:PART_BYTES]), floats)
                    part = part[PART_BYTES:]
            parts.append(bytes(part))
            size += len(part)

        def flush():
            nonlocal size
            self.send(PART, 0.0, b"".join(parts), floats)
            parts.clear()
            size = 0

        self.encode_into(value, take)
        self.send(RESULT, seconds, parts[0] if len(parts) == 1 else b"".join(parts), floats)


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
        """Returns when it started."""
        self.limit = limit
        self.install(self.signal, self.on_alarm)
        self.started = started = self.clock.now()
        self.set(self.kind, limit)
        return started

    def stop(self):
        self.set(self.kind, 0)

    def on_alarm(self, signal_number, frame):
        remaining = self.limit - (self.clock.now() - self.started)
        if remaining > 1e-3:
            self.set(self.kind, remaining)
            return
        raise TimeLimitExceeded(f"no result within {self.limit:g} s")


def _run_reference(order, inputs, channel):
    # References only compute, and a machine that pauses must not make their times longer.
    now = time.process_time
    not_none = order["dataset"] == "mbpp" and order["entryPoint"] in NOT_NONE_ORACLES
    with Quiet():
        try:
            function = _load(order["program"], order["entryPoint"])
        except BaseException as error:
            channel.send(LOAD_ERROR, 0.0, _describe(error))
            return
        channel.send(LOADED, 0.0)
        for arguments in inputs:
            try:
                arguments = copy.deepcopy(arguments)
                started = now()
                result = function(*arguments)
                seconds = now() - started
                if not_none:
                    result = result is not None
                channel.send_value(seconds, result, int(is_floats(result)))
            except BaseException as error:
                channel.send(ERROR, 0.0, _describe(error))
                return
            result = None


def _run_candidate(order, inputs, channel):
    # The program may change any module, so that everything used from here on is held locally.
    clock = charged_time.Clock()
    timer = Timer(clock)
    extra, limits, describe, quiet = order["extra"], order["limits"], _describe, Quiet
    send_result, now = _send_result, clock.now
    try:
        with quiet():
            function = _load(order["program"], order["entryPoint"])
    except BaseException as error:
        channel.send(LOAD_ERROR, 0.0, describe(error))
        return
    channel.send(LOADED, 0.0)
    for index, arguments in enumerate(inputs):
        started = None
        try:
            try:
                started = timer.start(limits[index])
                with quiet():
                    out = function(*arguments)
            finally:
                timer.stop()
            send_result(channel, now() - started, out, extra, arguments)
        except BaseException as error:
            seconds = 0.0 if started is None else now() - started
            channel.send(ERROR, seconds, describe(error))
            continue
        out = None


def _send_result(channel, seconds, out, extra, arguments, set=set, list=list):
    def pair():
        if extra == "set":
            return out, set(out)
        if extra == "arguments":
            return out, list(arguments)
        return out

    try:
        channel.send_value(seconds, pair())
    except MemoryError:
        _lift_memory_limit()
        channel.send(DROP, 0.0)
        channel.send_value(seconds, pair())


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


def _read_order(descriptor):
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
