"""Judges programs as EvalPlus does; runs inside the sandbox.

Standard input: a line with the length of the first document, that document, and a second one. The
first holds the problems with their inputs; the second, read after the process that programs are
forked from has been split off, holds the references, the programs and a nonce. Standard output: one
line for each verdict, the nonce before it, so that no program can write one.
"""

import json
import os
import select
import signal
import sys
import time

sys.path.insert(0, os.getcwd())

from judge_child import ERROR, HEADER, LOAD_ERROR, LOADED, RESULT, set_dumpable
from judge_comparison import Comparison, extra_of
from judge_host import Host
from judge_inputs import read_inputs, write_input
from judge_wire import decode, may_hold_nan

PASS, FAIL, TIMEOUT = "pass", "fail", "timeout"
REFERENCE_SECONDS = 600.0
WALL_BACKSTOP = 5  # times the total limit
SHORTCUT_BYTES = 1024
READ_BYTES = 1 << 16
LARGEST_MESSAGE_BYTES = 4 << 30
KINDS = (LOADED, LOAD_ERROR, RESULT, ERROR)
FORGED = 0
MAXIMUM_SHOWN = 300
SHOWN_BYTES = 100_000  # larger values are left out of the report


def main():
    first = json.loads(_read_first())
    for name in first["preload"]:
        _preload(name)
    problems = _read_problems(first["problems"])
    set_dumpable(False)
    host = Host(problems)
    second = json.loads(_read_rest())
    judge = Judge(host, problems, second)
    for index, task in enumerate(second["tasks"]):
        judge.judge_task(index, task)


def _read_first():
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise EOFError("no length on standard input")
        line += byte
    length, parts = int(line), []
    while length > 0:
        part = os.read(0, min(length, 1 << 20))
        if not part:
            raise EOFError("standard input ended early")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _preload(name):
    """Imports a module once for all programs; one that is missing is theirs to miss."""
    try:
        __import__(name)
    except ImportError:
        pass


def _read_rest():
    parts = []
    while part := os.read(0, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _read_problems(records):
    for record in records:
        record["inputs"] = {
            name: read_inputs(text, record["dataset"], record["taskId"])
            for name, text in record["inputs"].items()
        }
    return records


class ReferenceFault(Exception):
    pass


class Stop(Exception):
    """The total time limit of a set has passed while the judge was comparing."""


class Judge:
    def __init__(self, host, problems, orders):
        self.host = host
        self.problems = problems
        self.options = orders["options"]
        self.nonce = orders["nonce"]

    def judge_task(self, index, task):
        problem = self.problems[index]
        sets = {}
        try:
            for name in problem["inputs"]:
                sets[name] = self.run_reference(index, name, task["reference"])
        except ReferenceFault as fault:
            self.write({"task": index, "fault": str(fault)})
            return
        self.write({"task": index, "ready": True})
        for number, program in enumerate(task["programs"]):
            verdict = {"task": index, "program": number}
            for name, expected in sets.items():
                if name == "plus" and self.skips_plus(verdict):
                    continue
                verdict[name] = self.run_program(index, name, program, expected)
            self.write(verdict)

    def skips_plus(self, verdict):
        return not self.options["plusAfterFailedBase"] and verdict["base"]["status"] != PASS

    def write(self, record):
        line = f"{self.nonce} {json.dumps(record)}\n".encode("ascii")
        while line:
            line = line[os.write(1, line) :]

    def run_reference(self, index, name, program):
        """Times and encoded expected values of one set."""
        order = {"problem": index, "set": name, "mode": "reference", "program": program}
        results = []
        count = len(self.problems[index]["inputs"][name])
        with Run(self.host, order) as run:
            for kind, seconds, payload in run.messages(REFERENCE_SECONDS):
                if kind in (LOAD_ERROR, ERROR):
                    where = "loading" if kind == LOAD_ERROR else f"{name} input {len(results)}"
                    raise ReferenceFault(f"{where}: {payload.decode('utf-8', 'replace')}")
                if kind == RESULT:
                    results.append(Expected(seconds, payload))
                if len(results) == count:
                    return results
        raise ReferenceFault(f"ended after {len(results)} of {count} {name} inputs")

    def run_program(self, index, name, program, expected):
        problem = self.problems[index]
        limits = [
            max(self.options["minTimeLimit"], self.options["gtTimeLimitFactor"] * each.seconds)
            for each in expected
        ]
        total = min(self.options["totalTimeLimit"], sum(limits)) + 2
        if self.options["testDetails"]:
            total += 1
        order = {
            "problem": index,
            "set": name,
            "mode": "candidate",
            "program": program,
            "limits": limits,
            "extra": extra_of(problem["dataset"], problem["entryPoint"]),
            "memoryBytes": self.options["memoryBytes"],
        }
        judged = JudgedSet(problem, name, expected, limits, self.options["testDetails"])
        with Run(self.host, order) as run:
            signal.signal(signal.SIGALRM, _stop)
            signal.setitimer(signal.ITIMER_REAL, total * WALL_BACKSTOP)
            try:
                for kind, seconds, payload in run.messages(total):
                    if judged.take(kind, seconds, payload):
                        break
            except Stop:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            judged.seconds = run.seconds_charged()
        return judged.verdict()


def _stop(signal_number, frame):
    raise Stop


class Expected:
    """What the reference returned for one input, kept as bytes."""

    def __init__(self, seconds, payload):
        self.seconds = seconds
        self.floats = payload[0] == 1
        self.data = payload[1:]


class Run:
    """One order in a child of the host, ended with the block."""

    def __init__(self, host, order):
        self.host = host
        self.order = json.dumps(order).encode("ascii")

    def __enter__(self):
        self.connection, self.child = self.host.start()
        return self

    def __exit__(self, *exception):
        self.connection.close()
        self.host.end()

    def messages(self, limit):
        """Messages as they come, until the child ends or was charged more than `limit` seconds."""
        started = self.started = time.monotonic()
        try:
            self.connection.sendall(len(self.order).to_bytes(8, "big") + self.order)
        except OSError:
            return
        buffer = bytearray()
        while self.receive(buffer, HEADER.size, started, limit):
            kind, seconds, length = HEADER.unpack_from(buffer)
            if kind not in KINDS or length > LARGEST_MESSAGE_BYTES:
                yield FORGED, 0.0, b""
                return
            if not self.receive(buffer, HEADER.size + length, started, limit):
                return
            payload = bytes(memoryview(buffer)[HEADER.size : HEADER.size + length])
            del buffer[: HEADER.size + length]
            yield kind, seconds, payload

    def receive(self, buffer, needed, started, limit):
        """Fills the buffer to at least `needed` bytes; false when the child has ended or must."""
        while len(buffer) < needed:
            remaining = self.remaining(started, limit)
            if remaining <= 0:
                return False
            if not select.select([self.connection], [], [], remaining)[0]:
                continue
            try:
                part = self.connection.recv(max(READ_BYTES, min(needed - len(buffer), 1 << 22)))
            except OSError:
                return False
            if not part:
                return False
            buffer += part
        return True

    def remaining(self, started, limit):
        wall = time.monotonic() - started
        if wall < limit:
            return limit - wall
        if wall > limit * WALL_BACKSTOP:
            return 0
        return limit - (wall - _seconds_waited(self.child))


    def seconds_charged(self):
        """Wall time without the time that the child waited for a processor."""
        return max(0.0, time.monotonic() - self.started - _seconds_waited(self.child))


def _seconds_waited(process):
    """Time a process was ready to run and had no processor."""
    try:
        with open(f"/proc/{process}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class JudgedSet:
    """Collects the flags of one set and says how it ended."""

    def __init__(self, problem, name, expected, limits, details):
        self.problem = problem
        self.inputs = problem["inputs"][name]
        self.expected = expected
        self.limits = limits
        self.details = details
        self.comparison = Comparison(
            problem["dataset"], problem["entryPoint"], problem["tolerance"]
        )
        self.extra = extra_of(problem["dataset"], problem["entryPoint"])
        self.flags = []
        self.status = TIMEOUT
        self.shown = None
        self.error = None
        self.load = 0.0
        self.seconds = 0.0

    def take(self, kind, seconds, payload):
        """Takes a message; true when the status is known."""
        if kind == FORGED:
            self.error = "the program wrote to the channel of its results"
            self.status = FAIL
            return True
        if kind == LOAD_ERROR:
            self.error = payload.decode("utf-8", "replace")
            self.status = FAIL
            return True
        if kind in (RESULT, ERROR) and len(self.flags) < len(self.inputs):
            index = len(self.flags)
            self.load = max(self.load, seconds / self.limits[index])
            passed = self.judge_result(index, payload) if kind == RESULT else False
            if kind == ERROR:
                self.show(index, None, payload.decode("utf-8", "replace"))
            self.flags.append(passed)
            if not passed and not self.details:
                self.status = FAIL
                return True
        if len(self.flags) == len(self.inputs):
            self.status = PASS if all(self.flags) else FAIL
            return True
        return False

    def judge_result(self, index, payload):
        expected = self.expected[index]
        if (
            self.extra is None
            and len(payload) >= SHORTCUT_BYTES
            and payload == expected.data
            and not may_hold_nan(payload)
        ):
            self.comparison.note_equal(expected.floats)
            return True
        try:
            out, extra = decode(payload), None
            if self.extra is not None:
                out, extra = out
            right = decode(expected.data)
            passed = self.comparison.accepts(out, right, self.inputs[index], extra)
        except Stop:
            raise
        except BaseException as error:
            passed = False
            self.show(index, payload, None, f"comparison raised {type(error).__name__}")
        else:
            if not passed:
                self.show(index, payload, None)
        return passed

    def show(self, index, payload, error, note=None):
        """Keeps the first failure for the report."""
        if self.shown is not None:
            return
        self.shown = {"index": index, "input": _short(self.inputs[index])}
        if len(self.expected[index].data) <= SHOWN_BYTES:
            self.shown["expected"] = _short(decode(self.expected[index].data))
        if error is not None:
            self.shown["error"] = error
        elif len(payload) <= SHOWN_BYTES:
            self.shown["got"] = self.text_of(payload)
        if note is not None:
            self.shown["note"] = note

    def text_of(self, payload):
        try:
            out = decode(payload)
        except Exception as error:
            return f"<{type(error).__name__}: {error}>"[:MAXIMUM_SHOWN]
        return _short(out if self.extra is None else out[0])

    def verdict(self):
        record = {
            "status": self.status,
            "finished": len(self.flags),
            "inputs": len(self.inputs),
            "load": round(self.load, 4),
            "seconds": round(self.seconds, 4),
            "failTests": [self.input_text(index) for index in self.failed_inputs()],
        }
        if self.shown is not None:
            record["failure"] = self.shown
        if self.error is not None:
            record["error"] = self.error
        return record

    def failed_inputs(self):
        if self.status == PASS or not self.flags:
            return []
        if self.details:
            return [index for index, passed in enumerate(self.flags) if not passed]
        return [len(self.flags) - 1]

    def input_text(self, index):
        problem = self.problem
        return write_input(self.inputs[index], problem["dataset"], problem["taskId"])


def _short(value):
    try:
        text = repr(value)
    except BaseException as error:
        text = f"<repr raised {type(error).__name__}>"
    return text if len(text) <= MAXIMUM_SHOWN else f"{text[:MAXIMUM_SHOWN]}…"


if __name__ == "__main__":
    main()
