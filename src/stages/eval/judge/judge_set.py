"""How one program did on one set of inputs."""

import math
import random
from itertools import islice
from operator import truediv

from judge_comparison import Comparison, extra_of
from judge_inputs import write_input
from judge_questions import RAISED, YES, ask
from judge_run import Ended
from judge_wire import decode

PASS, FAIL, TIMEOUT = "pass", "fail", "timeout"
MAXIMUM_SHOWN = 300
ASKED_BYTES = 10_000
OTHERS_LOOKED_AT = 20
SHOWN_BYTES = 100_000  # larger values are left out of the report


class NeedsData(Exception):
    """A value of which only the digest was kept must be looked at."""

    def __init__(self, index, of_reference):
        super().__init__(index)
        self.index = index
        self.of_reference = of_reference


class JudgedSet:
    """Collects the flags of one set and says how it ended."""

    def __init__(self, task, inputs, expected, limits, options, part=(0, None)):
        first, last = part
        self.task = task
        self.first = first
        self.inputs = inputs
        self.expected = expected.part(first, last)
        self.limits = limits[first:last]
        self.details = options["testDetails"]
        self.comparison = Comparison(task["dataset"], task["entryPoint"], task["tolerance"])
        self.comparison.note_equal(expected.has_floats(0, first))
        # Seconds of calls after which the rest is left for later, where it can be done apart.
        self.enough_seconds = math.inf
        self.is_divisible = lambda: False
        self.unfinished = False
        self.extra = extra_of(task["dataset"], task["entryPoint"])
        # Bytes with which a result is right, whatever else counts; None where they do not say so.
        self.plain = [] if self.extra else self.expected.plain()
        self.flags = []
        self.status = TIMEOUT
        self.shown = None
        self.error = None
        self.load = 0.0
        self.seconds = 0.0
        self.calls = 0.0
        self.idle_seconds = 0.0
        self.out_of_time = False

    def collect(self, run, messages):
        """Takes the messages of a run until the status is known or there are no more."""
        self.put_questions = run.put_questions
        try:
            for message in messages:
                if self.take(message):
                    return
                self.calls += message.seconds
                equal = run.take_equal(islice(self.plain, len(self.flags), None))
                if equal and self.take_equal(equal):
                    return
                if self.calls >= self.enough_seconds and len(self.flags) < len(self.expected):
                    # A call that takes most of the time is near its limit: the parts would be too.
                    longest = max([message.seconds, *equal])
                    if longest < self.calls / 4 and self.is_divisible():
                        self.unfinished = True
                        return
                    self.enough_seconds = 2 * self.calls
        except Ended:
            return

    def take_equal(self, seconds):
        """Takes results, right by their bytes, by the seconds of each call; true when the status is
        known."""
        first = len(self.flags)
        last = first + len(seconds)
        self.calls += sum(seconds)
        self.load = max(self.load, *map(truediv, seconds, self.limits[first:last]))
        self.comparison.note_equal(self.expected.has_floats(first, last))
        self.flags.extend([True] * len(seconds))
        return self.is_complete()

    def input(self, index):
        return self.inputs[self.first + index]

    def take(self, message):
        """Takes a message; true when the status is known."""
        if message.forged:
            self.error = "the program wrote to the channel of its results"
            self.status = FAIL
            return True
        if not message.loaded:
            self.error = message.text()
            self.status = FAIL
            return True
        index = len(self.flags)
        if not message.is_of_input or index == len(self.expected):
            return self.is_complete()
        self.load = max(self.load, message.seconds / self.limits[index])
        if message.failed:
            passed = False
            self.show(index, error=message.text())
            self.out_of_time = self.out_of_time or message.seconds >= self.limits[index]
        elif message.flag is not None:
            passed = message.flag
        else:
            passed = self.judge_result(index, message.payload)
        self.flags.append(passed)
        if not passed and not self.details:
            self.status = FAIL
            return True
        return self.is_complete()

    def is_complete(self):
        if len(self.flags) < len(self.expected):
            return False
        self.status = PASS if all(self.flags) else FAIL
        return True

    def end(self, report):
        """Takes how the candidate ended and what it used."""
        self.seconds = report["chargedMs"] / 1000
        self.idle_seconds = max(0.0, self.seconds - report["cpuMs"] / 1000)
        if self.status == TIMEOUT and report["cause"] in ("charged-timeout", "wall-timeout"):
            self.out_of_time = True

    def may_have_been_paused(self):
        """Whether it was over a limit and hardly ran meanwhile: it slept, or the machine did."""
        return self.out_of_time and self.idle_seconds > self.seconds / 2

    def judge_result(self, index, payload):
        expected = self.expected[index]
        if self.extra is None and not payload.own and expected.equals(payload):
            self.comparison.note_equal(expected.floats)
            return True
        if expected.data is None:
            raise NeedsData(index, True)
        if payload.data is None:
            raise NeedsData(index, False)
        try:
            out, extra = decode(payload.data), None
            if self.extra is not None:
                out, extra = out
            right = decode(expected.data)
            if payload.own:
                passed = self.judge_own(index, right)
            else:
                passed = self.comparison.accepts(out, right, self.input(index), extra)
        except Ended:
            raise
        except BaseException as error:
            self.show(index, payload.data, note=f"comparison raised {type(error).__name__}")
            return False
        if not passed:
            self.show(index, payload.data)
        return passed

    def judge_own(self, index, right):
        """A result that says itself what it equals."""
        also = self.comparison.also_right(self.input(index))
        answers = ask(self.put_questions, [right, *also], self.other_expected(index))
        if answers is None:
            self.error = "a result equals what it must not equal"
            return False
        if answers[0] == RAISED:
            return False
        return self.comparison.accepts_own(YES in answers, right)

    def other_expected(self, index):
        """Values that other inputs want, as far as they are at hand and small."""
        data = self.expected.data
        near = [*data[:index], *data[index + 1 :]]
        near = [each for each in near if each is not None and len(each) <= ASKED_BYTES]
        return [decode(each) for each in random.sample(near, min(OTHERS_LOOKED_AT, len(near)))]

    def show(self, index, data=None, error=None, note=None):
        """Keeps the first failure for the report."""
        if self.shown is not None:
            return
        self.shown = {"index": self.first + index, "input": _short(self.input(index))}
        self.show_expected(self.expected[index])
        if error is not None:
            self.shown["error"] = error
        elif len(data) <= SHOWN_BYTES:
            self.shown["got"] = self.text_of(data)
        if note is not None:
            self.shown["note"] = note

    def show_expected(self, expected):
        if expected.data is not None and expected.size <= SHOWN_BYTES:
            self.shown["expected"] = _short(decode(expected.data))

    def lacks_expected(self):
        size = self.expected.sizes[self.shown["index"] - self.first]
        return "expected" not in self.shown and size <= SHOWN_BYTES

    def text_of(self, data):
        try:
            out = decode(data)
        except Exception as error:
            return f"<{type(error).__name__}: {error}>"[:MAXIMUM_SHOWN]
        return _short(out if self.extra is None else out[0])

    def verdict(self):
        record = {
            "status": self.status,
            "finished": len(self.flags),
            "inputs": len(self.expected),
            "load": round(self.load, 4),
            "seconds": round(self.seconds, 4),
            "failTests": [self.input_text(index) for index in self.failed_inputs()],
        }
        if self.unfinished:
            record["next"] = self.first + len(self.flags)
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
        return write_input(self.input(index), self.task["dataset"], self.task["taskId"])


def _short(value):
    try:
        text = repr(value)
    except BaseException as error:
        text = f"<repr raised {type(error).__name__}>"
    return text if len(text) <= MAXIMUM_SHOWN else f"{text[:MAXIMUM_SHOWN]}…"
