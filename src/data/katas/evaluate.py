"""Runs kata references and faulty attempts; JSON on standard input and output.

Input: a list of {source, calls, attempts}. Output: for each {results: [repr or null],
attempts: ["same" | "differs" | "raises" | "endless"]}.
"""
import json
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
    scope = {}
    verdict = "same"
    try:
        exec(source, scope)
    except Exception:
        return "raises"
    for call, expected in zip(calls, results):
        code = compile(call, "call", "eval")
        try:
            value = traced(lambda: eval(code, scope))
        except Endless:
            return "endless"
        except RecursionError:
            return "endless"
        except Exception:
            verdict = "raises" if verdict == "same" else verdict
            continue
        if not value == eval(expected):
            verdict = "differs" if verdict == "same" else verdict
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
json.dump([evaluate(item) for item in json.load(sys.stdin)], sys.stdout)
