"""One task of a call: its references, then its programs, each against each set of inputs."""

import base64

from judge_comparison import extra_of
from judge_expected import (
    ExpectedSet,
    ReferenceFault,
    keep_expected,
    parse_expected,
    render_expected,
)
from judge_inputs import Inputs
from judge_limits import pack_limits
from judge_purity import keeps_nothing
from judge_run import Run
from judge_set import PASS, TIMEOUT, JudgedSet, NeedsData

REFERENCE_SECONDS = 600.0
START_AND_END_SECONDS = 2.0
DETAILS_SECONDS = 1.0
# A result may be larger than the largest expected value, encoded, by so many times and bytes.
TIMES_EXPECTED = 64
MORE_BYTES = 64 << 20
MAXIMUM_WANTED = 20  # values fetched one by one; beyond, all are
SHOWN_REFERENCE_SECONDS = 1.0  # most time for the expected value of a report


def judge_task(index, task, options, report, candidates):
    judge = Judge(task, options, candidates)
    try:
        judge.prepare()
    except ReferenceFault as fault:
        report({"task": index, "fault": str(fault)})
        return
    report({"task": index, "references": judge.new_references()})
    part = task.get("part")
    for number, program in enumerate(task["programs"]):
        verdict = {"task": index, "program": number}
        if part is not None:
            place = (part["from"], part["to"])
            report({**verdict, "part": judge.judge_set(part["set"], program, place)})
            continue
        if judge.may_share_process(program):
            verdict |= judge.judge_together(program)
        for name in judge.inputs:
            if name in verdict or (name == "plus" and judge.skips_plus(verdict)):
                continue
            verdict[name] = judge.judge_set(name, program)
        if "next" in verdict.get("plus", ()):
            verdict["rest"] = judge.cut_rest("plus", verdict["plus"].pop("next"))
        report(verdict)


class Judge:
    def __init__(self, task, options, candidates):
        self.task = task
        self.options = options
        self.candidates = candidates
        dataset, task_id = task["dataset"], task["taskId"]
        self.inputs = {
            name: Inputs(text, dataset, task_id) for name, text in task["inputs"].items()
        }
        self.identical = options["strictIdentical"]
        self.expected = {}
        self.limits = {}
        self.ran = set()

    def prepare(self):
        """Expected values of every set: those that are known, or from the reference."""
        known = self.task["known"] or {}
        for name in self.inputs:
            if name in known:
                self.expected[name] = parse_expected(known[name])
            else:
                self.expected[name] = self.run_reference(name, set())
                self.ran.add(name)
            self.limits[name] = self.find_limits(self.expected[name])

    def new_references(self):
        return {name: render_expected(self.expected[name]) for name in sorted(self.ran)}

    def skips_plus(self, verdict):
        return not self.options["plusAfterFailedBase"] and verdict["base"]["status"] != PASS

    def order(self, names, program, mode):
        return {
            "mode": mode,
            "program": program,
            "dataset": self.task["dataset"],
            "taskId": self.task["taskId"],
            "entryPoint": self.task["entryPoint"],
            "inputs": [self.task["inputs"][name] for name in names],
            "extra": extra_of(self.task["dataset"], self.task["entryPoint"]),
            "memoryBytes": self.options["memoryBytes"],
        }

    def run_reference(self, name, wanted, last=None):
        """Expected values of a set up to the input `last`, those of `wanted` inputs in full."""
        order = self.order([name], self.task["reference"], "reference")
        count = len(self.inputs[name]) if last is None else last + 1
        order["count"] = count
        expected = []
        with Run(self.candidates, order, REFERENCE_SECONDS) as run:
            for message in run.messages(lambda: len(expected) in wanted):
                if message.failed:
                    where = f"{name} input {len(expected)}" if message.loaded else "loading"
                    raise ReferenceFault(f"{where}: {message.text()}")
                if message.payload is not None:
                    expected.append(keep_expected(message, len(expected) in wanted))
                if len(expected) == count:
                    return ExpectedSet.of(expected)
        raise ReferenceFault(f"ended after {len(expected)} of {count} {name} inputs")

    def judge_set(self, name, program, part=(0, None)):
        """`part` are the first input and the one after the last."""
        expected, wanted, retried = self.expected[name], set(), False
        while True:
            judged = self.new_set(name, program, expected, part)
            try:
                self.run_program(name, program, judged, wanted)
            except NeedsData as need:
                wanted.add(part[0] + need.index)
                if len(wanted) > MAXIMUM_WANTED:
                    wanted = set(range(len(expected)))
                if need.of_reference:
                    expected = self.fetch_expected(name, expected, wanted)
                continue
            if judged.may_have_been_paused() and not retried:
                retried = True
                continue
            self.show_expected(name, judged)
            return judged.verdict()

    def new_set(self, name, program, expected, part=(0, None)):
        limits = self.limits[name]
        judged = JudgedSet(self.task, self.inputs[name], expected, limits, self.options, part)
        least = self.options["partSeconds"]
        if name == "plus" and least is not None:
            judged.enough_seconds = least
            judged.is_divisible = lambda: keeps_nothing(program)
        return judged

    def may_share_process(self, program):
        """Whether nothing of the base inputs can be left in a process when the others come."""
        both = "base" in self.inputs and "plus" in self.inputs
        plain = not self.identical and not self.options["testDetails"]
        return both and plain and keeps_nothing(program)

    def judge_together(self, program):
        """Judges the extra inputs in the process that has passed the base inputs. Verdicts of the
        sets about which nothing is in doubt; the others are to be judged apart."""
        sets = {
            name: self.new_set(name, program, self.expected[name]) for name in ("base", "plus")
        }
        base, plus = sets.values()
        order = self.order(sets, program, "candidate")
        order["limits"] = pack_limits(base.limits + plus.limits)
        order["bound"] = max(bound_of(base.expected), bound_of(plus.expected))
        run = Run(self.candidates, order, min(self.total_seconds(name) for name in sets))
        try:
            with run:
                messages = run.messages(lambda: False)
                base.collect(run, messages)
                if base.status == PASS:
                    plus.collect(run, messages)
        except NeedsData:
            return {}
        if run.report["cause"] not in ("exited", "stopped"):
            return {}
        for judged in sets.values():
            judged.end(run.report)
        base.seconds, plus.seconds = base.seconds - plus.calls, plus.calls
        known = {
            name: judged
            for name, judged in sets.items()
            if not judged.may_have_been_paused()
            and (judged.status != TIMEOUT or judged.unfinished)
        }
        for name, judged in known.items():
            self.show_expected(name, judged)
        return {name: judged.verdict() for name, judged in known.items()}

    def cut_rest(self, name, first):
        """Where the parts of the inputs from `first` on begin, about equal in time, and their end."""
        seconds = self.expected[name].seconds[first:]
        whole, done, cuts = sum(seconds), 0.0, [first]
        for index, each in enumerate(seconds[:-1], first + 1):
            done += each
            if done >= whole * len(cuts) / self.options["parts"]:
                cuts.append(index)
        return [*cuts[: self.options["parts"]], first + len(seconds)]

    def fetch_expected(self, name, expected, wanted):
        """The expected values with those of `wanted` inputs, the others as they are known."""
        last = max(wanted)
        fetched = self.run_reference(name, wanted, last)
        return fetched.part(0, last + 1).followed_by(expected.part(last + 1, None))

    def find_limits(self, expected):
        least, factor = self.options["minTimeLimit"], self.options["gtTimeLimitFactor"]
        return [max(least, factor * seconds) for seconds in expected.seconds]

    def total_seconds(self, name):
        """Most time of a process for a set."""
        total = min(self.options["totalTimeLimit"], sum(self.limits[name])) + START_AND_END_SECONDS
        return total + DETAILS_SECONDS if self.options["testDetails"] else total

    def run_program(self, name, program, judged, wanted):
        order = self.order([name], program, "identical" if self.identical else "candidate")
        order["limits"] = pack_limits(judged.limits)
        order["part"] = [judged.first, judged.first + len(judged.expected)]
        if self.identical:
            order |= self.identical_part(judged.expected)
        else:
            order["bound"] = bound_of(judged.expected)
        run = Run(self.candidates, order, self.total_seconds(name))
        with run:
            judged.collect(
                run, run.messages(lambda: judged.first + len(judged.flags) in wanted)
            )
        judged.end(run.report)

    def identical_part(self, expected):
        """What a program that is judged within its own process needs beside its order."""
        kept = [
            None if data is None else base64.b64encode(data).decode("ascii")
            for data in expected.data
        ]
        return {
            "expected": kept,
            "reference": self.task["reference"],
            "tolerance": self.task["tolerance"],
            "details": self.options["testDetails"],
        }

    def show_expected(self, name, judged):
        """Fetches the expected value of the failure that is reported, where it was not kept."""
        if judged.shown is None or not judged.lacks_expected():
            return
        index = judged.shown["index"]
        if sum(self.expected[name].seconds[: index + 1]) > SHOWN_REFERENCE_SECONDS:
            return
        try:
            judged.show_expected(self.run_reference(name, {index}, index)[index])
        except ReferenceFault:
            pass


def bound_of(expected):
    """Bytes that a result may have, encoded."""
    return TIMES_EXPECTED * max(expected.sizes, default=0) + MORE_BYTES
