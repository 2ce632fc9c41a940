"""Judges a program within its own process, as EvalPlus does, for verdicts that are the same even on
programs that attack the judge: those can read what is expected and change how it is compared.

Names are looked up late and are those of EvalPlus, on purpose.
"""

import base64
import copy
import math
import os
import signal

import charged_time
import numpy as np
from judge_channel import ERROR, FLAG, LOAD_ERROR, LOADED, TRUE
from judge_comparison import NOT_NONE_ORACLES, SET_ORACLES, digit_distance, surface_area
from judge_limits import unpack_limits
from judge_program import describe
from judge_streams import Quiet
from judge_timer import Timer
from judge_wire import decode


def expected_values(order, inputs):
    """All expected values: as the judge has them, or where one is too large, from the reference."""
    known = order["expected"]
    if None not in known:
        return [decode(base64.b64decode(each)) for each in known]
    namespace = {}
    exec(order["reference"], namespace)
    function = namespace[order["entryPoint"]]
    values = [function(*copy.deepcopy(each)) for each in inputs]
    if order["dataset"] == "mbpp" and order["entryPoint"] in NOT_NONE_ORACLES:
        return [each is not None for each in values]
    return values


def run_identical(order, inputs, expected, channel):
    unsafe_execute(
        order["dataset"],
        order["entryPoint"],
        order["program"],
        inputs,
        expected,
        unpack_limits(order["limits"]),
        order["tolerance"],
        not order["details"],
        channel,
        Timer(charged_time.Clock()),
    )


def unsafe_execute(
    dataset, entry_point, code, inputs, expected, time_limits, atol, fast_check, channel, timer
):
    exec_globals = {}
    try:
        with Quiet():
            exec(code, exec_globals)
            fn = exec_globals[entry_point]
    except BaseException as error:
        channel.send(LOAD_ERROR, 0.0, describe(error))
        return
    channel.send(LOADED, 0.0)
    for i, inp in enumerate(inputs):
        seconds = 0.0
        try:
            timer.note(time_limits[i])
            try:
                signal.setitimer(signal.ITIMER_REAL, time_limits[i])
                signal.signal(signal.SIGALRM, timer.on_alarm)
                with Quiet():
                    out = fn(*inp)
            finally:
                seconds = timer.spent()
                signal.setitimer(signal.ITIMER_REAL, 0)
            exp = expected[i]
            exact_match = out == exp
            if dataset == "mbpp":
                if entry_point == "are_equivalent":
                    exact_match = exact_match or True
                elif entry_point == "sum_div":
                    exact_match = exact_match or out == 0
                elif entry_point == "surface_Area":
                    exact_match = exact_match or abs(out - surface_area(*inp)) <= atol
                elif entry_point == "digit_distance_nums":
                    exact_match = exact_match or out == digit_distance(*inp)
                elif entry_point in SET_ORACLES:
                    exact_match = set(out) == set(exp)
                elif entry_point in NOT_NONE_ORACLES:
                    if isinstance(out, bool):
                        exact_match = out == exp
                    else:
                        exact_match = exp == (out is not None)
            if dataset == "humaneval" and entry_point == "find_zero":
                assert abs(_poly(*inp, out)) <= atol
            else:
                if atol == 0 and is_floats(exp):
                    atol = 1e-6
                if not exact_match and atol != 0:
                    assert type(out) == type(exp)  # noqa: E721
                    if isinstance(exp, (list, tuple)):
                        assert len(out) == len(exp)
                    assert np.allclose(out, exp, rtol=1e-07, atol=atol)
                else:
                    assert exact_match
        except BaseException as error:
            channel.send(ERROR, seconds, describe(error))
            if fast_check:
                os._exit(0)
            continue
        channel.send(FLAG, seconds, b"", TRUE)


def is_floats(x):
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)) and x:
        return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray):
        return x.dtype == np.float64 or x.dtype == np.float32
    return False


def _poly(xs, x):
    return sum([coeff * math.pow(x, i) for i, coeff in enumerate(xs)])
