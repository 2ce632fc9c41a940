"""Writes src/stages/eval/__fixtures__/rules: problems and samples that meet the rules by which
EvalPlus judges, and what it says of each. Needs NumPy and EvalPlus (source of 2025-10-02):

    PYTHON_WITH_EVALPLUS scripts/make-rule-samples.py
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(__file__).parent.parent / "src/stages/eval/__fixtures__/rules"
sets = {"humaneval": "HumanEval", "mbpp": "Mbpp"}
problems: dict[str, list[dict]] = {name: [] for name in sets}
samples: dict[str, list[dict]] = {name: [] for name in sets}


def imports(text):
    """For the modules that a text mentions."""
    modules = ("collections", "fractions", "math", "numpy", "re")
    return "".join(f"import {module}\n" for module in modules if f"{module}." in text)


def task(set_name, number, reference, base, plus, programs, atol=0, entry="f", arguments="x"):
    """`programs`: expressions to return, or whole programs (with a newline in them)."""
    task_id = f"{sets[set_name]}/{number}"
    head = f"def {entry}({arguments}):\n"
    body = reference if "\n" in reference else f"    return {reference}\n"
    prelude = imports(body)
    problems[set_name].append({
        "task_id": task_id, "prompt": prelude + head, "canonical_solution": body, "entry_point": entry,
        "base_input": base, "plus_input": plus, "atol": atol,
        "contract": "", "assertion": "", "test": "",
    })
    for program in programs:
        whole = program if "\n" in program else f"{imports(program)}{head}    return {program}\n"
        samples[set_name].append({"task_id": task_id, "solution": whole})
    samples[set_name].append({"task_id": task_id, "completion": body})


def human(number, *rest, **more):
    task("humaneval", number, *rest, **more)


def mbpp(number, *rest, **more):
    task("mbpp", number, *rest, **more)


big = 10**40
inf = float("inf")

# Equality.
human(1000, "x", [[1], [0]], [[big], [2**53 + 1], [-7]], [
    "float(x)", "bool(x)", "fractions.Fraction(x)", "numpy.float64(x)", "numpy.int64(x)", "complex(x)",
    "str(x)", "[x]", "None", "x or None", "numpy.array(x)", "numpy.array([x])", "numpy.array([x, x])",
    "x + 1", "-x", "x | 0", "math.floor(x)", "range(x)", "__import__('decimal').Decimal(x)", "x if x < 2**53 else float(x)",
])
human(1001, "list(x)", [[[1, 2]], [[3]]], [[[]], [[1, 1, 0]], [["a", None]]], [
    "tuple(x)", "set(x)", "sorted(x, key=str)", "iter(x)", "(i for i in x)", "dict.fromkeys(x)",
    "collections.deque(x)", "collections.UserList(x)", "numpy.array(x)", "x", "x[::-1]", "x + []", "x or None",
    "map(lambda i: i, x)", "type('L', (list,), {})(x)", "[float(i) for i in x]", "bytes(len(x))", "x or ()",
])
human(1002, "{x: [x]}", [[1], ["a"]], [[None], [2.5]], [
    "collections.OrderedDict([(x, [x])])", "collections.defaultdict(list, {x: [x]})", "{x: (x,)}", "[(x, [x])]",
    "{x: [x], 'more': 1}", "dict([(x, [x])])", "collections.UserDict({x: [x]})", "{x: [x]}.items()", "{}",
])
human(1003, "(x, True)", [[0], [1]], [[2]], [
    "[x, True]", "(x, 1)", "(x, 1.0)", "collections.namedtuple('P', 'a b')(x, True)", "(float(x), True)", "(True, x)",
])
human(1004, "x > 1", [[0], [1]], [[2], [3]], [
    "int(x > 1)", "float(x > 1)", "numpy.bool_(x > 1)", "x", "x > 0", "x > 1 or None", "x > 1 or ''", "str(x > 1)",
])
human(1005, "None if x else ''", [[0]], [[1]], ["''", "None", "x", "'' if not x else 0", "not x", "b'' if not x else None"])
human(1006, "collections.Counter(x)", [["ab"]], [["aab"], [""]], [
    "{i: x.count(i) for i in x}", "{i: x.count(i) for i in 'abc'}", "collections.Counter(x + 'c') - collections.Counter('c')",
    "collections.Counter(a=x.count('a'), b=x.count('b'), c=0)", "list(x)",
])
human(1007, "set(x)", [[[1, 2]]], [[[]], [[3, 3]]], ["frozenset(x)", "x", "dict.fromkeys(x).keys()", "{i: 0 for i in x}", "set(x) | {9}"])

# Floats.
off = ["x", "x + 9e-7", "x + 2e-6", "x * (1 + 9e-8)", "x * (1 + 2e-7)", "int(x) if abs(x) < 1e300 else x", "str(x)", "-x",
       "numpy.float64(x) + 9e-7", "numpy.float32(x)", "fractions.Fraction(x + 9e-7) if abs(x) < 1e300 else x", "None", "[x]", "complex(x)"]
human(1010, "x", [[1.0], [2.5]], [[1e12], [inf], [-inf], [0.0], [1e-9]], [*off, "x if x != 0 else -0.0", "abs(x)"])
human(1011, "float('nan')", [[1]], [[2]], ["float('nan')", "x", "None", "type('N', (float,), {'__eq__': lambda s, o: o != o})('nan')"])
human(1012, "-0.0 * x", [[1]], [[2.0]], ["0", "0.0", "-0.0", "1e-7", "False", "1e-300", "0j"])
human(1013, "[x, x / 3]", [[1.0]], [[2.0], [1e9]], [
    "[x, x * (1 / 3)]", "[x, x / 3 + 5e-7]", "(x, x / 3 + 5e-7)", "[x, x / 3, 0.0]", "[x]", "[x + 2e-6, x / 3]",
    "numpy.array([x, x / 3])", "[numpy.float64(x), x / 3 + 5e-7]", "[x, None]", "[x, str(x / 3)]", "[[x, x / 3]]", "[x / 3, x]",
])
human(1014, "(x, x / 3)", [[1.0]], [[2.0]], ["[x, x / 3]", "(x, x / 3 + 5e-7)", "[x, x / 3 + 5e-7]", "(x, x / 3 + 5e-6)"])
human(1015, "[1, x]", [[0.5]], [[0.25]], ["[1, x + 1e-9]", "[1.0, x]", "[1.0, x + 1e-9]"])
human(1016, "[[x, 1.0]]", [[0.5]], [[0.25]], ["[[x + 1e-9, 1.0]]", "[[x, 1]]", "[(x, 1.0)]"], atol=0)
human(1017, "[[x, 1.0]]", [[0.5]], [[0.25]], [
    "[[x + 1e-9, 1.0]]", "[[x + 1e-2, 1.0]]", "[[1.0]]", "[x, 1.0]", "[(x + 1e-9, 1.0)]", "[[x + 1e-9], [1.0]]",
], atol=1e-4)
human(1018, "x", [["a"], [None]], [[True], [3], [{"a": 1.0}]], [
    "x", "'b'", "x and True", "3", "x if x != 3 else 3.00005", "x if x != 3 else 4", "x if x is not True else 1.00005", "{'a': 1.00001} if isinstance(x, dict) else x",
], atol=1e-4)
# The tolerance that a float switches on.
human(1020, "x", [[1.0], [10**8]], [[10**8], [1.0], [10**8], [10**30]], [
    "x", "x + 1 if x == 10**8 else x", "x + 1 if x == 10**30 else x", "x + 100 if x == 10**8 else x", "float(x) + 1 if x == 10**8 else x",
    "x + 9e-7",
])
human(1021, "1.0 if x == 0 else [[2.0, 2.0]] if x == 1 else ['a', 1] if x == 2 else 10**400 if x == 3 else {'a': 1}", [[0], [1]], [[0], [2], [3], [4]], [
    "1.0 if x == 0 else [[2.0]] if x == 1 else ['a', 1]",
    "1.0 if x == 0 else [[2.0, 2.0]] if x == 1 else ['a', 1] if x == 2 else 10**400 + 1 if x == 3 else {'a': 1}",
    "1.0 if x == 0 else [[2.0, 2.0]] if x == 1 else ['a', 1.0] if x == 2 else 10**400 if x == 3 else {'a': 1}",
    "1.0 if x == 0 else [[2.0, 2.0]] if x == 1 else ['a', 1.0000001] if x == 2 else 10**400 if x == 3 else {'a': 1}",
    "1.0 if x == 0 else [[2.0, 2.0]] if x == 1 else ['a', 1] if x == 2 else 10**400 if x == 3 else {'a': 1.0000001}",
    "1.0 if x == 0 else [[2.0, 2.0], [2.0, 2.0]]", "1.0 if x == 0 else [2.0, 2.0]",
])
human(1022, "numpy.array([x, 1.0])", [[0.5]], [[0.25]], ["numpy.array([x, 1.0])", "[x, 1.0]"])
human(1023, "complex(x, 1)", [[1]], [[2]], ["complex(x, 1)", "complex(x, 1 + 1e-9)", "(x, 1)", "x + 1j"])
human(1024, "numpy.float32(x)", [[0.5]], [[0.1]], ["x", "numpy.float32(x)", "numpy.float64(x)", "numpy.float32(x) + numpy.float32(1e-7)"])
human(1025, "()", [[0]], [[1]], ["[]", "()", "''", "0", "set()", "None"])

# Objects with an equality of their own.
classes = """class A:
    def __init__(self, v):
        self.v = v
    def __eq__(self, other):
        return {rule}
    def __hash__(self):
        return 0
def f(x):
    return A(x)
"""
rules = ["self.v == other", "self.v != other", "True", "NotImplemented", "None", "[]", "[0]", "1 / 0", "self is other", "isinstance(other, int)", "exit()"]
human(1030, "x", [[1], [2]], [[3], [50], [7], [8], [9], [11], [13]], [classes.format(rule=rule) for rule in rules] + [
    "class f(int):\n    pass\n",
    "class f(int):\n    def __eq__(self, other):\n        return False\n    __hash__ = int.__hash__\n",
    "class f:\n    def __new__(cls, x):\n        return x\n",
    "class A(list):\n    def __eq__(self, other):\n        while True: pass\ndef f(x):\n    return A()\n",
    "import enum\nE = enum.IntEnum('E', {f'v{i}': i for i in range(60)})\nf = E\n",
    "f = lambda x: x\n", "import functools\nf = functools.partial(lambda a, b: b, 1)\n", "f = 5\n", "f = int\n", "f = {1: 1}.get\n",
])

# Loading, ends, output and input.
human(1040, "x", [[1], [2]], [[3], [4]], [
    "\n", "def g(x):\n    return x\n", "def f(x) return x\n", "def f(x):\n\treturn x\n        pass\n", "def f(x):\n    return x # \0\n",
    "def f(x):\n    return x # \ud800\n", "\ufeffdef f(x):\n    return x\n", "def f(x):\r\n    return x\r\n", "def f(x):\r    return x\r",
    "def f(x):\n    return x\n\f\n", "# coding: latin-1\ndef f(x):\n    return x if 'ä' == '\\xe4' else 0\n", "# coding: nonsense\ndef f(x):\n    return x\n",
    "def f(x):\n    return x\ndef f(x):\n    return 0\n", "def f(x):\n    return x\nf = None\n", "def f(x):\n    return x\ndel f\n",
    "from __future__ import annotations\ndef f(x: Unknown) -> Other:\n    return x\n", "def f(x: Unknown):\n    return x\n", "def f(x: 'List[int]') -> List[int]:\n    return x\n",
    "def f():\n    return 1\n", "def f(x, y):\n    return x\n", "def f(x, y=1):\n    return x\n", "def f(*x):\n    return x[0]\n", "def f(*, x):\n    return x\n",
    "async def f(x):\n    return x\n", "def f(x):\n    yield x\n", "def f(x):\n    print(x)\n", "def f(x):\n    print(x)\n    return x\n",
    "import sys\ndef f(x):\n    sys.stderr.write('e' * 10**6)\n    return x\n", "import sys\ndef f(x):\n    sys.stdout.buffer.write(b'e')\n    return x\n",
    "import sys\ndef f(x):\n    sys.stdout.fileno()\n    return x\n", "import os\ndef f(x):\n    os.write(1, b'text')\n    return x\n",
    "def f(x):\n    return int(input())\n", "def f(x):\n    try:\n        input()\n    except OSError:\n        return x\n",
    "n = input()\ndef f(x):\n    return x\n", "import sys\ndef f(x):\n    return x if not sys.stdin.readable() else 0\n",
    "import sys\ndef f(x):\n    for line in sys.stdin: pass\n    return x\n", "import sys\ndef f(x):\n    sys.exit(x)\n", "import sys\nsys.exit(0)\n",
    "import os\ndef f(x):\n    os._exit(0)\n", "import os\nos._exit(1)\n", "import os\ndef f(x):\n    if x == 2: os._exit(0)\n    return x\n",
    "import os\ndef f(x):\n    if x == 4: os.abort()\n    return x\n", "def f(x):\n    raise KeyboardInterrupt\n", "def f(x):\n    raise BaseException\n", "def f(x):\n    raise StopIteration\n",
    "def f(x):\n    exit()\n", "def f(x):\n    quit\n    return x\n", "def f(x):\n    assert x > 1\n    return x\n", "def f(x):\n    return 1 / (x - 3)\n",
    "if __name__ == '__main__':\n    raise ValueError\ndef f(x):\n    return x\n", "def f(x):\n    return x if __name__ == 'builtins' else 0\n", "def f(x):\n    return x if '__file__' in globals() else 0\n",
    "def f(x):\n    return eval('x')\n", "def f(x):\n    exec('y = x')\n    return y\n", "exec('def f(x):\\n    return x')\n", "class C:\n    @staticmethod\n    def f(x):\n        return x\nf = C.f\n",
    "from dataclasses import dataclass\n@dataclass\nclass D:\n    a: int\ndef f(x):\n    return D(x).a\n", "import typing\nN = typing.NamedTuple('N', [('a', int)])\ndef f(x):\n    return N(x)[0]\n",
    "import pickle\nclass D:\n    pass\ndef f(x):\n    return pickle.loads(pickle.dumps(D())) and x\n", "class D:\n    pass\ndef f(x):\n    return x if D.__module__ == 'builtins' else 0\n",
    "import warnings\ndef f(x):\n    warnings.warn('w')\n    return x\n", "def f(x):\n    return x\nraise ValueError\n", "import nosuchmodule\ndef f(x):\n    return x\n",
    "def f(x):\n    import numpy as np\n    return int(np.sum([x]))\n",
])
# State, arguments, guards, depth.
human(1050, "x", [[0], [0]], [[0]], [
    "n = []\ndef f(x):\n    n.append(x)\n    return len(n) - 1\n", "def f(x, n=[]):\n    n.append(x)\n    return len(n) - 1\n",
    "out = []\ndef f(x):\n    return 0 if not out and out.append(x) is None else x\n", "import functools\n@functools.lru_cache\ndef f(x):\n    return x\n",
])
human(1051, "    x.sort()\n    return x[0]\n", [[[3, 1]], [[3, 1]]], [[[2, 2]], [[9, 8]]], [
    "min(x)", "x[0]", "sorted(x)[0]", "def f(x):\n    m = min(x)\n    x.clear()\n    return m\n", "def f(x):\n    return x.pop(x.index(min(x)))\n", "x.pop()",
])
human(1052, "x", [[[[1], [2]]]], [[[[3]]]], ["x", "def f(x):\n    x[0].append(1)\n    return x\n", "out = []\ndef f(x):\n    out[:] = x\n    return out\n"])
human(1053, "x", [[1]], [[2]], [
    f"import {module}\ndef f(x):\n    return x\n" for module in ("resource", "psutil", "joblib", "tkinter", "ipdb", "subprocess", "multiprocessing", "socket", "ctypes")
] + [f"import os, shutil, subprocess, builtins, tempfile, pathlib\ndef f(x):\n    {line}\n    return x\n" for line in (
    "open('a', 'w')", "io = __import__('io'); io.open('a', 'w').close()", "pathlib.Path('a').write_text('b')", "pathlib.Path.cwd()", "os.getcwd()", "os.path.abspath('a')", "os.path.abspath('/a')",
    "os.environ['A'] = 'b'", "os.environ.get('A')", "os.environ.pop('OMP_NUM_THREADS')", "os.system('true')", "os.popen('true')", "subprocess.run(['true'])", "os.mkdir('a')", "os.remove('a')", "os.listdir('.')",
    "tempfile.TemporaryDirectory()", "tempfile.NamedTemporaryFile()", "help()", "os.fork()", "assert os.environ['OMP_NUM_THREADS'] == '1'", "os.kill(os.getpid(), 9)", "shutil.copy('/etc/hostname', 'a')", "os.chdir('/')",
    "import sys; sys.setrecursionlimit(10**5)", "import threading; t = threading.Thread(target=print); t.start(); t.join()", "import asyncio; asyncio.run(asyncio.sleep(0))",
    "import signal; signal.alarm(0)", "import random; random.seed(0)", "import time; time.sleep(0.1)", "exec(compile('1', 'a', 'exec'))", "locals()", "import faulthandler; assert not faulthandler.is_enabled()",
    "str(10**5000)", "len(str(10**4000))", "int('1' * 4301)", "bytearray(1 << 33)", "import gc; gc.collect()", "import sys; sys.stdout = None",
    "import os; os.close(1)", "x = x", "globals().clear()", "import unittest.mock", "import sqlite3", "import ssl", "import concurrent.futures as c; c.ThreadPoolExecutor().submit(int).result()",
)] + ["def f(x):\n    try:\n        bytearray(1 << 33)\n    except MemoryError:\n        return x\n"])
human(1054, "x", [[950], [960]], [[940], [980]], [
    "def f(x):\n    return 0 if x == 0 else 1 + f(x - 1)\n", "import sys\nsys.setrecursionlimit(5000)\ndef f(x):\n    return 0 if x == 0 else 1 + f(x - 1)\n",
    "def f(x):\n    try:\n        return g(x)\n    except RecursionError:\n        return x\ndef g(x):\n    return 0 if x == 0 else 1 + g(x - 1)\n", "def f(x):\n    return f(x)\n",
])
# Time: one call may take a second.
human(1060, "x", [[1], [2]], [[3]], [
    "def f(x):\n    while True: pass\n", "import time\ndef f(x):\n    time.sleep(2.5)\n    return x\n", "import time\ntime.sleep(1.5)\ndef f(x):\n    return x\n",
    "def f(x):\n    while True:\n        try:\n            while True: pass\n        except Exception: pass\n", "def f(x):\n    while x == 3: pass\n    return x\n", "while True: pass\n",
    "def f(x):\n    try:\n        while True: pass\n    except: return x\n", "import re\ndef f(x):\n    return x if re.match('(a+)+$', 'a' * 40 + 'b') is None else 0\n", "import time\ndef f(x):\n    time.sleep(0.3)\n    return x\n",
    "import threading, time\ndef f(x):\n    threading.Thread(target=time.sleep, args=(30,)).start()\n    return x\n", "import threading, time\ndef f(x):\n    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n    return x\n",
    "import signal\ndef f(x):\n    signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass\n",
])
human(1061, "x", [], [], ["x", "1 / 0", "g = 1\n", "def g(x): pass\n"])
human(1062, "x", [[1]], [], ["x", "x + 1"])
human(1063, "x", [[inf], [1e308]], [[-inf], [2**63], [-(2**64)], ["\ud83d\ude00é\x00"], [{"a": [None, True, 1.5]}]], ["x", "abs(x)", "float(x)", "x if x != 2**63 else 2.0**63", "str(x)"])
human(1064, "x + y", [[1, 2]], [[3, 4], ["a", "b"]], ["x + y", "y + x", "sum((x, y))", "def f(y, x):\n    return x + y\n", "def f(x):\n    return x\n"], arguments="x, y")
human(32, "    return 2.0 if len(xs) == 3 else -xs[0] / xs[1]\n", [[[-4, 0, 1]], [[6, 3]]], [[[1.0, 2.0]], [[0, 1]]], [
    "2.0 if len(xs) == 3 else -xs[0] / xs[1] + 1e-6", "-2 if len(xs) == 3 else -xs[0] / xs[1]", "2.001", "None", "'a'", "float('nan')", "numpy.float64(2) if len(xs) == 3 else -xs[0] / xs[1]",
    "def find_zero(xs):\n    xs.clear()\n    return 77\n", "def find_zero(xs):\n    xs.clear()\n", "True", "-2j if len(xs) == 3 else -xs[0] / xs[1]", "[2.0]", "numpy.array([2.0]) if len(xs) == 3 else numpy.array([-xs[0] / xs[1]])",
    "fractions.Fraction(2) if len(xs) == 3 else fractions.Fraction(-xs[0]) / fractions.Fraction(xs[1])", "1e400", "2.00003 if len(xs) == 3 else -xs[0] / xs[1]",
], atol=1e-4, entry="find_zero", arguments="xs")
human(33, "x", [[1]], [[2]], ["x + 1", "x"], entry="find_zeros")

# MBPP: conversions of arguments, by the number of the task.
arguments = {
    2: [[[1, [2]], [3]]], 63: [[[[1, 2], [3]]]], 75: [[[[1, 2], [3]], 5]], 106: [[[1], [2, 3]]], 124: [["1.5", "(1+2j)"], ["-0", "3"]], 252: [["(1+2j)"], [3]],
    250: [[[1, [2]], [3]]], 405: [[[1], 2]], 259: [[[[1], [2]], [[3]]]], 445: [[[[1, 2]], [[3, 4]]]], 278: [[[1, [2, [3]]]]], 580: [[[1, [2, [3]]]]], 615: [[[[1], [2]]]], 791: [[[1, [2], "a"]]],
    722: [[{"a": [1, 2]}, 6.0, 70]], 120: [[[[1, 2]]]], 753: [[[["a", 1]], 2]], 763: [[[3, 1], 2]], 808: [[[1], 1]], 744: [[[7, None]]], 116: [[[1, 2, 3]]], 3: [[[1, [2]], "a"]],
    115: [[[[1, 1], [], {}]]], 307: [[[1], [2], [3]]], 399: [[[1]]], 413: [[[[1, 2]], 0]], 750: [[[1], [2]]], 470: [[[1, 2]]], 417: [[[[1, 2]]]], 401: [[[[1]], [[2]]]], 143: [[[1]]], 444: [[[[1, 2]], 1]], 617: [[[1], 2]],
}
for number, inputs in arguments.items():
    mbpp(number, "repr(x)", inputs, inputs, ["repr(tuple(x))", "repr(list(x))", "len(x)", "repr([list(i) for i in x if type(i) is tuple])"], arguments="*x", entry=f"f{number}")

# MBPP: rules by the name of the function.
set_programs = ["set(a) & set(b)", "list(set(a) & set(b)) * 2", "(i for i in set(a) & set(b))", "dict.fromkeys(set(a) & set(b))", "[[1]]", "None", "5", "''", "sorted(set(a) & set(b), reverse=True)", "[float(i) for i in set(a) & set(b)]",
                "set(a)", "[i + 1e-9 for i in set(a) & set(b)]", "numpy.array(sorted(set(a) & set(b)))", "frozenset(a) & frozenset(b)", "[]"]
for number, entry in ((7, "find_char_long"), (111, "common_in_nested_lists"), (140, "extract_singly"), (232, "larg_nnum"), (769, "Diff"), (579, "find_dissimilar"), (249, "intersection_array"), (812, "similar_elements")):
    mbpp(number, "sorted(set(a) & set(b))", [[[1, 2, 3], [2, 3]]], [[[], []], [[1.5, 2], [1.5]]], set_programs, entry=entry, arguments="a, b")
for number, entry in ((737, "check_str"), (787, "text_match_three"), (794, "text_starta_endb")):
    mbpp(number, "re.search('^a', x)", [["abc"], ["xyz"]], [[""], ["a"]], [
        "re.search('^a', x)", "x[:1] == 'a'", "int(x[:1] == 'a')", "'yes' if x[:1] == 'a' else None", "x[:1] == 'a' or None", "0 if x[:1] == 'a' else None", "''", "None", "True", "numpy.bool_(x[:1] == 'a')", "x[:1] != 'a'", "'' if x[:1] == 'a' else False",
    ], entry=entry)
mbpp(581, "2 * b * s + pow(b, 2)", [[3, 4], [4, 5]], [[10, 20], [3, 4], [1.5, 2]], [
    "2 * b * s + b * b", "round(b * b + 2 * b * math.sqrt((b / 2) ** 2 + s * s))", "b * b + 2 * b * math.sqrt((b / 2) ** 2 + s * s)", "float(2 * b * s + b * b)", "0", "None", "'a'", "2 * b * s + b * b + 1e-7", "numpy.float64(2 * b * s + b * b)", "[2 * b * s + b * b]",
], entry="surface_Area", arguments="b, s")
mbpp(558, "sum(abs(int(c) - int(d)) for c, d in zip(str(a), str(b)))", [[1, 2], [23, 56]], [[123, 9], [9876543210, 123], [0, 10]], [
    "sum(abs(int(c) - int(d)) for c, d in zip(str(a).zfill(20), str(b).zfill(20)))", "sum(map(int, str(abs(a - b))))", "abs(a - b)", "None",
], entry="digit_distance_nums", arguments="a, b")
mbpp(164, "a == b", [[1, 2]], [[3, 3]], ["None", "1 / 0", "a != b", "numpy.array([1, 2])", "float('nan')"], entry="are_equivalent", arguments="a, b")
mbpp(295, "x", [[8]], [[12], [0], [1.5]], ["0", "x", "x + 1", "False", "None", "0.0"], entry="sum_div")
mbpp(793, "x", [[1]], {}, ["x", "0", "1 / 0"])
mbpp(255, "[(i, j) for i in x for j in x]", [[[1, 2]]], [[["a"]]], ["list(__import__('itertools').product(x, x))", "[[i, j] for i in x for j in x]", "__import__('itertools').product(x, x)"])
mbpp(600, "x", [[0.5]], [[0.25]], ["x + 5e-5", "x + 2e-4", "str(x)"], atol=1e-4)


def write(path, rows):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


folder.mkdir(parents=True, exist_ok=True)
for name in sets:
    write(folder / f"{name}-problems.jsonl", problems[name])
    write(folder / f"{name}-samples.jsonl", samples[name])
    with tempfile.TemporaryDirectory() as cache:
        result = Path(cache) / "results.json"
        subprocess.run(
            [sys.executable, "-m", "evalplus.evaluate", "--dataset", name, "--samples", str(folder / f"{name}-samples.jsonl"),
             "--parallel", "2", "--min_time_limit", "1", "--output_file", str(result)],
            env={**os.environ, "XDG_CACHE_HOME": cache, "PYTHONHASHSEED": "0",
                 "HUMANEVAL_OVERRIDE_PATH": str(folder / "humaneval-problems.jsonl"), "MBPP_OVERRIDE_PATH": str(folder / "mbpp-problems.jsonl")},
            check=True, stdin=subprocess.DEVNULL,
        )
        judged = json.loads(result.read_text())["eval"]
    rows = [{"task_id": each["task_id"], "verdicts": [f"{row['base_status']}/{row['plus_status']}" for row in judged[each["task_id"]]]} for each in problems[name]]
    write(folder / f"{name}-verdicts.jsonl", rows)
    print(name, len(rows), "tasks", sum(len(row["verdicts"]) for row in rows), "samples")
