"""Loads a program as EvalPlus does, and says what it raised without running more of it."""

import builtins
import types

MAXIMUM_ERROR_LENGTH = 500
PLAIN = (str, bytes, int, float, bool, type(None))


def load_program(program, entry_point):
    # Without it, it would get the builtins of the judge.
    namespace = {"__builtins__": vars(builtins)}
    exec(program, namespace)
    return namespace[entry_point]


def describe(error):
    """UTF-8 text of an exception; its class alone where more would take code of the program."""
    kind = type(error)
    name = kind.__name__
    try:
        is_plain = not isinstance(kind.__str__, types.FunctionType) and _are_plain(error.args)
        text = str(error) if is_plain else ""
        text = f"{name}: {text}" if text else name
    except BaseException:
        text = name
    return text[:MAXIMUM_ERROR_LENGTH].encode("utf-8", "backslashreplace")


def _are_plain(values):
    return all(type(each) in PLAIN or (type(each) is tuple and _are_plain(each)) for each in values)
