"""Runs kata references and faulty attempts; JSON on standard input and output.

Input: a list of {source, calls, attempts}. Output: for each {results: [repr or null],
attempts: [{failing: [index of call], endless, unstable}]}.
"""
import json
import resource
import sys

LIMIT = 20000  # traced lines and calls of one attempt at one call


class Endless(BaseException):
    pass


def traced(function):
    count = 0

    def tracer(frame, event, argument):
        nonlocal count
        count += 1
        if count > LIMIT:
            raise Endless
        return tracer

    sys.settrace(tracer)
    try:
        return function()
    finally:
        sys.settrace(None)


def judge(source, calls, results):
    """Which calls fail, whether one never ends (then it alone), and whether a value prints its address or a set."""
    verdict = {"failing": [], "endless": False, "unstable": False}
    scope = {}
    exec(source, scope)
    for index, (call, expected) in enumerate(zip(calls, results)):
        code = compile(call, "call", "eval")
        try:
            value = traced(lambda: eval(code, scope))
        except (Endless, RecursionError):
            verdict.update(failing=[index], endless=True)
            break
        except Exception:
            verdict["failing"].append(index)
            continue
        if not value == eval(expected):
            verdict["failing"].append(index)
            verdict["unstable"] |= isinstance(value, set) or " at 0x" in repr(value)
    return verdict


def evaluate(item):
    scope = {}
    results = []
    try:
        exec(item["source"], scope)
        results = [repr(eval(call, scope)) for call in item["calls"]]
    except Exception:
        return {"results": None, "attempts": []}
    attempts = [judge(source, item["calls"], results) for source in item["attempts"]]
    return {"results": results, "attempts": attempts}


sys.setrecursionlimit(400)
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
json.dump([evaluate(item) for item in json.load(sys.stdin)], sys.stdout)
