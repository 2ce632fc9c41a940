"""Finds out whether a program solves a task of a benchmark: runs its functions on the task's inputs."""

import copy
import inspect
import json
import math
import signal

INPUTS_OF_A_TASK = 24
TEXT_OF_AN_INPUT = 2000
SECONDS_OF_A_REFERENCE = 0.2
SECONDS_OF_A_CALL = 0.05
FUNCTIONS_OF_A_PROGRAM = 8


class OutOfTime(Exception):
    pass


def stop(_number, _frame):
    raise OutOfTime()


def timed(seconds, call):
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def load(setup):
    tasks = []
    for problem in setup['problems']:
        namespace = {}
        try:
            exec(problem['reference'], namespace)
            reference = namespace[problem['entryPoint']]
            inputs = choose_inputs(json.loads(problem['baseInput']), json.loads(problem['plusInput']))
        except BaseException:
            continue
        cases = []
        for arguments in inputs:
            try:
                kept = copy.deepcopy(arguments)
                result = timed(SECONDS_OF_A_REFERENCE, lambda: reference(*kept))
                cases.append((arguments, plain(result)))
            except BaseException:
                continue
        # Tasks whose answers are nearly all the same would be solved by chance.
        if len(cases) >= 3 and not all(same(result, cases[0][1]) for _, result in cases):
            tasks.append((problem['taskId'], cases))
    return tasks


def choose_inputs(base, plus):
    """The task's own inputs, and extra ones from all over their list."""
    short = [one for one in plus if len(json.dumps(one)) <= TEXT_OF_AN_INPUT]
    count = max(0, INPUTS_OF_A_TASK - len(base))
    step = max(1, len(short) // count) if count else 1
    return base + short[::step][:count]


def handle(tasks, payload, report):
    namespace = {'__name__': 'candidate'}
    try:
        timed(2, lambda: exec(payload['code'], namespace))
    except BaseException:
        return
    functions = [
        value
        for value in list(namespace.values())
        if inspect.isfunction(value) and value.__module__ == 'candidate'
    ]
    for function in functions[:FUNCTIONS_OF_A_PROGRAM]:
        for task, cases in tasks:
            if solves(function, cases):
                report(task)
                return


def solves(function, cases):
    try:
        inspect.signature(function).bind(*cases[0][0])
    except (TypeError, ValueError):
        return False
    for arguments, expected in cases:
        try:
            given = copy.deepcopy(arguments)
            if not same(plain(timed(SECONDS_OF_A_CALL, lambda: function(*given))), expected):
                return False
        except BaseException:
            return False
    return True


def plain(value):
    """Sequences as lists, as tests that come from JSON compare them."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        try:
            return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)
        except TypeError:
            return False
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(one, other) for one, other in zip(a, b))
    return type(a) is type(b) and a == b
