"""Runs one program on one input set, in a process of its own, and sends what each call returned.

This process holds the inputs and the program, never an expected value. Whatever the program does to
it, it can send nothing but values, which the judge compares elsewhere.
"""

import copy
import json
import os
import struct
import sys
import time

import charged_time
from judge_channel import ANSWERS, DROP, ERROR, FLOATS, LOAD_ERROR, LOADED, OWN, Channel, read_exactly
from judge_comparison import NOT_NONE_ORACLES, is_floats
from judge_depth import at_depth
from judge_guards import lift_memory_limit, restrict
from judge_inputs import read_inputs
from judge_limits import unpack_limits
from judge_program import describe, load_program
from judge_questions import answer_questions
from judge_streams import Quiet, WriteOnlyText
from judge_timer import Timer

OWN_DESCRIPTOR = 200
CALL_DEPTH = 29  # Python frames below the entry point, as under EvalPlus


def run_order(channel):
    """Carries out the order that comes over a socket and answers over it. Ends the process."""
    order = _read_order(channel.fileno())
    # A program finds no module of its own making.
    sys.path.remove(os.getcwd())
    descriptor = os.dup2(channel.detach(), OWN_DESCRIPTOR)
    os.close(3)
    inputs = [
        each
        for text in order["inputs"]
        for each in read_inputs(text, order["dataset"], order["taskId"])
    ]
    channel = Channel(descriptor)
    if "part" in order:
        first, last = order["part"]
        inputs = inputs[first:last]
    if order["mode"] == "reference":
        _run_reference(order, inputs[: order["count"]], channel)
    elif order["mode"] == "identical":
        import judge_identical

        expected = judge_identical.expected_values(order, inputs)
        restrict(order["memoryBytes"])
        run = judge_identical.run_identical
        at_depth(CALL_DEPTH - 2, lambda: run(order, inputs, expected, channel))
    else:
        restrict(order["memoryBytes"])
        at_depth(CALL_DEPTH - 1, lambda: _run_candidate(order, inputs, channel))
    os._exit(0)


def _run_reference(order, inputs, channel):
    # References only compute, and a machine that pauses must not make their times longer.
    now = time.process_time
    not_none = order["dataset"] == "mbpp" and order["entryPoint"] in NOT_NONE_ORACLES
    with Quiet():
        try:
            function = load_program(order["program"], order["entryPoint"])
        except BaseException as error:
            channel.send(LOAD_ERROR, 0.0, describe(error))
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
                channel.send_value(seconds, result, FLOATS if is_floats(result) else 0)
            except BaseException as error:
                channel.send(ERROR, 0.0, describe(error))
                return
            result = None


def _run_candidate(order, inputs, channel):
    # The program may change modules, so that what is used of them from here on is held locally.
    timer = Timer(charged_time.Clock())
    extra, limits, bound = order["extra"], unpack_limits(order["limits"]), order["bound"]
    send_result, tell, stream = _send_result, describe, WriteOnlyText
    try:
        sys.stdout = sys.stderr = sys.stdin = stream()
        function = load_program(order["program"], order["entryPoint"])
    except BaseException as error:
        channel.send(LOAD_ERROR, 0.0, tell(error))
        return
    channel.send(LOADED, 0.0)
    for index, arguments in enumerate(inputs):
        try:
            try:
                timer.start(limits[index])
                sys.stdout = sys.stderr = sys.stdin = stream()
                out = function(*arguments)
            finally:
                timer.stop()
            send_result(channel, timer.spent(), out, extra, arguments, bound)
        except BaseException as error:
            channel.send(ERROR, timer.spent(), tell(error))
            continue
        out = None


def _send_result(channel, seconds, out, extra, arguments, bound):
    value = own = out
    if extra == "set":
        own = set(out)
        value = out, own
    elif extra == "arguments":
        value = _as_number(out), list(arguments)
    try:
        marks = channel.send_value(seconds, value, most=bound)
    except MemoryError:
        lift_memory_limit()
        channel.send(DROP, 0.0)
        marks = channel.send_value(seconds, value, most=bound)
    if marks & OWN:
        answers = answer_questions(channel.read, out, own if extra == "set" else None)
        channel.send(ANSWERS, 0.0, answers)


def _as_number(out):
    """An object may stand for a number."""
    kind = type(out)
    return float(out) if not issubclass(kind, complex) and hasattr(kind, "__float__") else out


def _read_order(descriptor):
    """The order that the judge sends first: a length and JSON."""
    length = struct.unpack(">Q", read_exactly(descriptor, 8))[0]
    return json.loads(read_exactly(descriptor, length))
