import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { readVerdicts } from './read-verdicts.ts'
import type { SampleVerdict, Status } from './verdicts.ts'

/** One problem and one program for it, with the statuses that EvalPlus's rules give. */
interface Case {
  title: string
  taskId?: string
  entryPoint?: string
  /** The reference program. */
  reference: string
  /** Raw JSON of the inputs. */
  base?: string
  plus?: string
  tolerance?: number
  program: string
  expected: [base: Status, plus?: Status]
}

const lines = (...text: string[]) => `${text.join('\n')}\n`
const returns = (expression: string) => `def f(x):\n    return ${expression}\n`

const like = lines(
  'class Like:',
  '    def __init__(self, value):',
  '        self.value = value',
  '    def __eq__(self, other):',
  '        return self.value == other',
)

/** The reference returns one expression, the program another. */
function compared(
  title: string,
  right: string,
  out: string,
  status: Status,
  more: Partial<Case> & { prelude?: string } = {},
): Case {
  const { prelude = '', ...rest } = more
  return {
    title,
    reference: prelude + returns(right),
    program: prelude + returns(out),
    expected: [status],
    ...rest,
  }
}

const program = (title: string, status: Status, ...text: string[]): Case => ({
  title,
  reference: returns('x'),
  program: lines(...text),
  expected: [status],
})

const equality: Case[] = [
  compared('1.0 for 1', '1', '1.0', 'pass'),
  compared('True for 1', '1', 'True', 'pass'),
  compared('a tuple for a list', '[1, 2]', '(1, 2)', 'fail'),
  compared('a list for a tuple', '(1, 2)', '[1, 2]', 'fail'),
  compared('a list for a set', '{1, 2}', '[1, 2]', 'fail'),
  compared('a frozenset for a set', '{1, 2}', 'frozenset([1, 2])', 'pass'),
  compared('a range for a list', '[0, 1]', 'range(2)', 'fail'),
  compared('a generator for a list', '[0, 1]', '(i for i in range(2))', 'fail'),
  compared('bytes for text', '"a"', 'b"a"', 'fail'),
  compared('a bytearray for bytes', 'b"a"', 'bytearray(b"a")', 'pass'),
  compared('NaN for NaN', 'float("nan")', 'float("nan")', 'fail'),
  compared('infinity for infinity', 'float("inf")', 'float("inf")', 'pass'),
  compared('infinity with the wrong sign', 'float("inf")', 'float("-inf")', 'fail'),
  compared('a fraction for a float', '0.5', 'Fraction(1, 2)', 'pass', {
    prelude: 'from fractions import Fraction\n',
  }),
  compared('a Counter for a dict', '{"a": 1}', 'Counter("a")', 'pass', {
    prelude: 'from collections import Counter\n',
  }),
  compared('an OrderedDict for a dict', '{"a": 1}', 'OrderedDict(a=1)', 'pass', {
    prelude: 'from collections import OrderedDict\n',
  }),
  compared('a defaultdict for a dict', '{"a": [1]}', 'd()', 'pass', {
    prelude: lines(
      'from collections import defaultdict',
      'def d():',
      '    found = defaultdict(lambda: [])',
      '    found["a"].append(1)',
      '    return found',
    ),
  }),
  compared('a named tuple for a tuple', '(1, 2)', 'P(1, 2)', 'pass', {
    prelude: 'from collections import namedtuple\nP = namedtuple("P", "a b")\n',
  }),
  compared('an IntEnum member for an int', '1', 'E.A', 'pass', {
    prelude: 'from enum import IntEnum\nclass E(IntEnum):\n    A = 1\n',
  }),
  compared('a str subclass for text', '"a"', 'S("a")', 'pass', {
    prelude: 'class S(str):\n    pass\n',
  }),
  compared('an object that equals everything', '3', 'Any()', 'fail', {
    prelude: 'class Any:\n    def __eq__(self, other):\n        return True\n',
  }),
  compared('an object that says what it equals', '[x, 1]', 'Like([x, 1])', 'pass', {
    prelude: like,
    base: '[[1], [2], [3]]',
  }),
  compared('an object that says that it equals something else', 'x', 'Like(x + 1)', 'fail', {
    prelude: like,
  }),
  compared('an object that equals every number', 'x', 'Number()', 'fail', {
    prelude: lines(
      'class Number:',
      '    def __eq__(self, other):',
      '        return isinstance(other, int)',
    ),
    base: '[[1], [2], [3], [50], [60], [70], [80], [90]]',
  }),
  compared('an object whose comparison raises', 'x', 'Raises()', 'fail', {
    prelude: 'class Raises:\n    def __eq__(self, other):\n        raise ValueError\n',
  }),
  compared('the keys of a dict for a set', '{1, 2}', 'dict.fromkeys([2, 1]).keys()', 'pass'),
  compared('the keys of a dict for a list', '[1, 2]', 'dict.fromkeys([1, 2]).keys()', 'fail'),
  compared('a UserList for a list', '[1, 2]', 'UserList([1, 2])', 'pass', {
    prelude: 'from collections import UserList\n',
  }),
  compared('None for nothing', 'None', 'None', 'pass'),
  compared('a list that holds itself', '[1]', 'g()', 'fail', {
    prelude: 'def g():\n    a = []\n    a.append(a)\n    return a\n',
  }),
  compared('a large equal result', 'list(range(100000))', 'list(range(100000))', 'pass'),
  compared('a large list with NaN', '[float("nan")] * 999', '[float("nan")] * 999', 'fail'),
]

const tolerance: Case[] = [
  compared('a float within 1e-6', '1.0', '1.0 + 9e-7', 'pass'),
  compared('a float beyond 1e-6', '1.0', '1.0 + 2e-6', 'fail'),
  compared('relative tolerance of a large float', '1e12', '1e12 + 9e4', 'pass'),
  compared('an int near a float', '2.0000001', '2', 'fail'),
  compared('floats in a list', '[0.3, 1.0]', '[0.1 + 0.2, 1.0]', 'pass'),
  compared('floats in a tuple for a list', '[0.3]', '(0.1 + 0.2,)', 'fail'),
  compared('too few floats', '[1.0, 1.0]', '[1.0]', 'fail'),
  compared('ints and floats in one list', '[1, 0.3]', '[1, 0.1 + 0.2]', 'fail'),
  compared('nested floats', '[[0.3]]', '[[0.1 + 0.2]]', 'fail'),
  compared('nested floats with a tolerance', '[[0.3]]', '[[0.1 + 0.2]]', 'pass', {
    tolerance: 1e-6,
  }),
  compared('a tolerance of the task', '0.5', '0.50005', 'pass', { tolerance: 1e-4 }),
  compared('text with a tolerance', '"a"', '"b"', 'fail', { tolerance: 1e-4 }),
  compared('a dict with a tolerance', '{"a": 1.0}', '{"a": 1.00001}', 'fail', { tolerance: 1e-4 }),
  compared('bools with a tolerance', 'True', 'False', 'fail', { tolerance: 1e-4 }),
  compared('an int after a float', 'x', 'x + 1 if x > 2 else x', 'pass', {
    base: '[[1.0], [100000000]]',
  }),
  compared('an int before a float', 'x', 'x + 1 if x > 2 else x', 'fail', {
    base: '[[100000000], [1.0]]',
  }),
  compared('an int beyond 64 bits after a float', 'x', 'x + 1 if x > 2 else x', 'pass', {
    base: '[[1.0], [100000000000000000000000000]]',
  }),
  compared('a broadcast list after a float', '1.0 if x else [[2.0, 2.0]]', '[[2.0]]', 'fail', {
    base: '[[1], [0]]',
  }),
  compared(
    'a nested list that broadcasts after a float',
    '1.0 if x else [[2.0, 2.0]]',
    '1.0 if x else [[2.0]]',
    'pass',
    { base: '[[1], [0]]' },
  ),
  compared('a float in base, an int off by one in plus', 'x', 'x + 1 if x > 2 else x', 'pass', {
    base: '[[1.0]]',
    plus: '[[100000000]]',
    expected: ['pass', 'fail'],
  }),
]

const behaviour: Case[] = [
  program('calls os._exit', 'timeout', 'import os', 'def f(x):', '    os._exit(0)'),
  program('calls os._exit while loading', 'timeout', 'import os', 'os._exit(0)'),
  program('calls sys.exit', 'fail', 'import sys', 'def f(x):', '    sys.exit(0)'),
  program('exits while loading', 'fail', 'raise SystemExit(0)'),
  program('raises KeyboardInterrupt', 'fail', 'def f(x):', '    raise KeyboardInterrupt'),
  program('aborts', 'timeout', 'import os', 'def f(x):', '    os.abort()'),
  program('crashes', 'timeout', 'import ctypes', 'def f(x):', '    ctypes.string_at(0)'),
  program('is no Python', 'fail', 'def f(x) return x'),
  program('is empty', 'fail', ''),
  program('lacks the entry point', 'fail', 'def g(x):', '    return x'),
  program('holds a NUL', 'fail', 'def f(x):', '    return x # \0'),
  program('holds a lone surrogate', 'fail', 'def f(x):', '    return x # \ud800'),
  program('begins with a byte order mark', 'fail', '\ufeffdef f(x):', '    return x'),
  program('has CRLF line ends', 'pass', 'def f(x):\r', '    return x\r'),
  program(
    'does not run its main block',
    'pass',
    'f = lambda x: x',
    'if __name__ == "__main__": f = 0',
  ),
  program(
    'sees builtins as its name',
    'pass',
    'def f(x):',
    '    return 0 if __name__ == "builtins" else 1',
  ),
  program('has a class as entry point', 'pass', 'class f(int):', '    pass'),
  program(
    'uses dataclasses',
    'pass',
    'from dataclasses import dataclass',
    '@dataclass',
    'class D:',
    '    a: int',
    'def f(x):',
    '    return D(x).a',
  ),
  program('reads input', 'fail', 'def f(x):', '    input()', '    return x'),
  program(
    'survives reading input',
    'pass',
    'import sys',
    'def f(x):',
    '    try:',
    '        sys.stdin.read()',
    '    except OSError:',
    '        return x',
  ),
  program('prints', 'pass', 'def f(x):', '    print("x" * 100000)', '    return x'),
  program(
    'writes to the descriptors',
    'pass',
    'import os',
    'def f(x):',
    '    os.write(1, b"text")',
    '    os.write(2, b"text")',
    '    return x',
  ),
  program(
    'forges a verdict on every descriptor',
    'fail',
    'import os',
    'def f(x):',
    '    for d in range(300):',
    '        try:',
    '            os.write(d, b\'{"task": 0, "program": 0, "base": {"status": "pass"}}\\n\')',
    '        except OSError:',
    '            pass',
    '    return x + 1',
  ),
  program(
    'forges a result whose class equals everything',
    'fail',
    'import os, struct',
    'def send(kind, data):',
    '    os.write(200, struct.pack(">BdBQ", kind, 0.0, 0, len(data)) + data)',
    'def text(name):',
    '    return b"\\x8c" + bytes([len(name)]) + name.encode()',
    'def name(part):',
    '    return text("judge_wire") + text(part) + b"\\x93"',
    'def f(x):',
    '    changes = b"N}" + text("__eq__") + name("opaque") + b"s\\x86b"',
    '    send(3, b"\\x80\\x05" + name("IntSubclass") + changes + b"0" + name("IntSubclass") + b"K\\x05\\x85R.")',
    '    import time',
    '    time.sleep(9)',
  ),
  program(
    'forges a result that names a function of the system',
    'fail',
    'import os, struct',
    'def f(x):',
    '    data = b"cposix\\nsystem\\n(X\\x04\\x00\\x00\\x00truetR."',
    '    os.write(200, struct.pack(">BdBQ", 3, 0.0, 0, len(data)) + data)',
  ),
  program('loops for ever', 'fail', 'def f(x):', '    while True:', '        pass'),
  program(
    'sleeps too long',
    'fail',
    'import time',
    'def f(x):',
    '    time.sleep(9)',
    '    return x',
  ),
  program(
    'ignores its time limit',
    'timeout',
    'import time',
    'def f(x):',
    '    while True:',
    '        try:',
    '            time.sleep(0.001)',
    '        except Exception: pass',
  ),
  program('takes too much memory', 'fail', 'def f(x):', '    bytearray(1 << 32)', '    return x'),
  program(
    'survives lack of memory',
    'pass',
    'def f(x):',
    '    try:',
    '        bytearray(1 << 32)',
    '    except MemoryError:',
    '        return x',
  ),
  program(
    'leaves a thread running',
    'pass',
    'import threading, time',
    'def f(x):',
    '    threading.Thread(target=time.sleep, args=(60,)).start()',
    '    return x',
  ),
  program(
    'leaves a process running',
    'pass',
    'import ctypes, time',
    'def f(x):',
    '    if ctypes.CDLL(None).fork() == 0:',
    '        time.sleep(60)',
    '    return x',
  ),
  program(
    'kills its parent',
    'timeout',
    'import ctypes, os',
    'def f(x):',
    '    ctypes.CDLL(None).kill(os.getppid(), 9)',
    '    return x',
  ),
  program(
    'cannot read the judge',
    'pass',
    'import io, os',
    'def f(x):',
    '    for p in os.listdir("/proc"):',
    '        if p.isdigit() and int(p) != os.getpid():',
    '            for name in ("mem", "fd/0", "fd/1"):',
    '                try:',
    '                    io.open(f"/proc/{p}/{name}", "rb")',
    '                except OSError: continue',
    '                return (p, name, io.open(f"/proc/{p}/stat").read())',
    '    return x',
  ),
  program(
    'recurses 960 deep',
    'pass',
    'def g(n):',
    '    return 0 if n == 0 else g(n - 1)',
    'def f(x):',
    '    return g(959)',
  ),
  program(
    'recurses 975 deep',
    'fail',
    'def g(n):',
    '    return 0 if n == 0 else g(n - 1)',
    'def f(x):',
    '    return g(974)',
  ),
  program(
    'finds the guards in place',
    'pass',
    'import os, shutil, subprocess, builtins',
    'def f(x):',
    '    gone = [os.system, os.fork, os.getcwd, os.kill, shutil.rmtree, subprocess.Popen,',
    '            builtins.open, builtins.exit, builtins.help]',
    '    assert gone == [None] * 9',
    '    return x',
  ),
  program('opens a file', 'fail', 'def f(x):', '    open("a", "w")', '    return x'),
  program(
    'opens a file through pathlib',
    'pass',
    'from pathlib import Path',
    'def f(x):',
    '    Path("a").write_text("b")',
    '    return len(Path("a").read_text()) - 1',
  ),
  program('imports a blocked module', 'fail', 'import resource', 'f = lambda x: x'),
  {
    ...program(
      'keeps state from input to input but not to plus',
      'fail',
      'calls = []',
      'def f(x):',
      '    calls.append(x)',
      '    return x + len(calls) - 1',
    ),
    base: '[[0], [0]]',
    plus: '[[0]]',
    expected: ['fail', 'pass'],
  },
  {
    title: 'counts its calls, which begin anew for the extra inputs',
    reference: lines('def f(x):', '    return x'),
    base: '[[1], [2]]',
    plus: '[[1], [2]]',
    program: lines('calls = []', 'def f(x):', '    calls.append(x)', '    return len(calls)'),
    expected: ['pass', 'pass'],
  },
  {
    title: 'keeps nothing, passes the base inputs and is wrong for an extra one',
    reference: returns('x'),
    base: '[[1], [2]]',
    plus: '[[3], [4]]',
    program: returns('min(x, 3)'),
    expected: ['pass', 'fail'],
  },
  {
    title: 'keeps nothing and does not end for a base input, but for the extra ones',
    reference: returns('x'),
    base: '[[1], [2]]',
    plus: '[[3], [4]]',
    program: lines('def f(x):', '    while x < 2:', '        pass', '    return x'),
    expected: ['fail', 'pass'],
  },
  {
    title: 'keeps nothing and does not end for an extra input',
    reference: returns('x'),
    base: '[[1], [2]]',
    plus: '[[1], [4]]',
    program: lines('def f(x):', '    while x > 2:', '        pass', '    return x'),
    expected: ['pass', 'fail'],
  },
  {
    title: 'returns the same list again and again',
    reference: returns('[x]'),
    base: '[[1], [2]]',
    program: lines('out = []', 'def f(x):', '    out[:] = [x]', '    return out'),
    expected: ['pass'],
  },
  {
    title: 'sorts its argument in place',
    reference: lines('def f(x):', '    x.sort()', '    return x[0]'),
    base: '[[[3, 1]], [[3, 1]]]',
    program: lines('def f(x):', '    first = x[0]', '    x.sort()', '    return first - 2'),
    expected: ['pass'],
  },
]

const inputs: Case[] = [
  compared('keeps integers of any size', 'str(x)', 'str(x)[:-1] + "9"', 'pass', {
    base: '[[12345678901234567890123456789]]',
  }),
  compared('tells 1.0 from 1', 'type(x).__name__', '"float"', 'pass', { base: '[[1.0]]' }),
  compared('reads Infinity', 'x', 'float("inf")', 'pass', { base: '[[Infinity]]' }),
  compared('passes an empty set of inputs', 'x', 'None', 'pass', { base: '[]' }),
  compared('takes several arguments', 'x + y', 'y + x', 'pass', {
    reference: 'def f(x, y):\n    return x - y\n',
    program: 'def f(x, y):\n    return -(y - x)\n',
    base: '[[1, 2], [3, 4]]',
  }),
]

const oracles: Case[] = [
  {
    title: 'MBPP turns arguments into tuples and compares as sets',
    taskId: 'Mbpp/2',
    entryPoint: 'similar_elements',
    reference: lines('def similar_elements(a, b):', '    return tuple(set(a) & set(b))'),
    base: '[[[1, 2, 3], [2, 3, 4]]]',
    program: lines(
      'def similar_elements(a, b):',
      '    assert type(a) is tuple and type(b) is tuple',
      '    return (x for x in [3, 2, 2])',
    ),
    expected: ['pass'],
  },
  {
    title: 'MBPP set oracle fails on what is not hashable',
    taskId: 'Mbpp/7',
    entryPoint: 'find_char_long',
    reference: lines('def find_char_long(text):', '    return [text]'),
    base: '[["abcd"]]',
    program: lines('def find_char_long(text):', '    return [[text]]'),
    expected: ['fail'],
  },
  {
    title: 'MBPP gives complex arguments',
    taskId: 'Mbpp/252',
    entryPoint: 'convert',
    reference: lines('import cmath', 'def convert(z):', '    return cmath.polar(z)'),
    base: '[["(1+2j)"], [3]]',
    program: lines(
      'def convert(z):',
      '    assert type(z) is complex',
      '    import math',
      '    return (abs(z), math.atan2(z.imag, z.real))',
    ),
    expected: ['pass'],
  },
  {
    title: 'MBPP asks only whether something was returned',
    taskId: 'Mbpp/737',
    entryPoint: 'check_str',
    reference: lines('import re', 'def check_str(s):', '    return re.search("^[a]", s)'),
    base: '[["abc"], ["xyz"], ["a"]]',
    program: lines(
      'def check_str(s):',
      '    if s == "a": return True',
      '    return 0 if s[0] == "a" else None',
    ),
    expected: ['pass'],
  },
  {
    title: 'MBPP accepts the other reading of a surface area',
    taskId: 'Mbpp/581',
    entryPoint: 'surface_Area',
    reference: lines('def surface_Area(b, s):', '    return 2 * b * s + b**2'),
    base: '[[3, 4]]',
    program: lines('def surface_Area(b, h):', '    return 35'),
    expected: ['pass'],
  },
  {
    title: 'MBPP accepts padded digit distances',
    taskId: 'Mbpp/558',
    entryPoint: 'digit_distance_nums',
    reference: lines('def digit_distance_nums(a, b):', '    return 0'),
    base: '[[1, 23]]',
    program: lines('def digit_distance_nums(a, b):', '    return 4'),
    expected: ['pass'],
  },
  {
    title: 'HumanEval judges a zero by the polynomial',
    taskId: 'HumanEval/32',
    entryPoint: 'find_zero',
    reference: lines('def find_zero(xs):', '    return 1.0'),
    tolerance: 1e-4,
    base: '[[[-4, 0, 1]]]',
    program: lines('def find_zero(xs):', '    return 2.00001'),
    expected: ['pass'],
  },
]

/** What the arguments of MBPP tasks become, by task: one input in JSON, and all of it in Python. */
const conversions: [task: number, input: string, arguments_: string][] = [
  [3, '[[1], [[2]]]', '([1], [[2]])'],
  [63, '[[[1, 2], [3]]]', '([(1, 2), (3,)],)'],
  [75, '[[[1, 2]], 5, 6]', '([(1, 2)], 5)'],
  [106, '[[1], [2, 3]]', '([1], (2, 3))'],
  [115, '[[[1, 1], [], {}]]', '([{1}, {}, {}],)'],
  [116, '["ab", [1]]', "(('a', 'b'), (1,))"],
  [124, '["1.5", "(1+2j)"]', '(1.5, (1+2j))'],
  [250, '[[1, 2], [3]]', '((1, 2), [3])'],
  [259, '[[[1], [2]], [[3]]]', '(((1,), (2,)), ((3,),))'],
  [278, '[[1, [2, [3]]]]', '((1, (2, [3])),)'],
  [307, '[[1], [2], [3]]', '((1,), [2], [3])'],
  [580, '[[1, [2, [3]]], 4]', '((1, (2, (3,))), 4)'],
  [722, '[{"a": [1, 2]}, [3]]', "({'a': (1, 2)}, [3])"],
]

const converted = conversions.map(
  ([task, input, value]): Case => ({
    title: `MBPP task ${task} gets ${value}`,
    taskId: `Mbpp/${task}`,
    reference: lines('def f(*x):', '    return repr(x)'),
    base: `[${input}]`,
    program: lines('def f(*x):', `    return ${JSON.stringify(value)}`),
    expected: ['pass'],
  }),
)

const moreOracles: Case[] = [
  {
    title: 'HumanEval takes the coefficients as the program left them',
    taskId: 'HumanEval/9032',
    entryPoint: 'find_zero',
    reference: lines('def find_zero(xs):', '    return 1.0'),
    tolerance: 1e-4,
    base: '[[[-4, 0, 1]]]',
    program: lines('def find_zero(xs):', '    xs.clear()', '    return 77'),
    expected: ['pass'],
  },
  {
    title: 'HumanEval refuses what is no zero',
    taskId: 'HumanEval/9033',
    entryPoint: 'find_zero',
    reference: lines('def find_zero(xs):', '    return 2.0'),
    tolerance: 1e-4,
    base: '[[[-4, 0, 1]]]',
    program: lines('def find_zero(xs):', '    return 2.001'),
    expected: ['fail'],
  },
  {
    title: 'MBPP accepts anything for equivalence',
    taskId: 'Mbpp/164',
    entryPoint: 'are_equivalent',
    reference: lines('def are_equivalent(a, b):', '    return True'),
    base: '[[1, 2]]',
    program: lines('def are_equivalent(a, b):', '    return None'),
    expected: ['pass'],
  },
  {
    title: 'MBPP accepts 0 for a sum of divisors',
    taskId: 'Mbpp/295',
    entryPoint: 'sum_div',
    reference: lines('def sum_div(n):', '    return n'),
    base: '[[8]]',
    program: lines('def sum_div(n):', '    return 0'),
    expected: ['pass'],
  },
  {
    title: 'MBPP wants something returned where the reference finds something',
    taskId: 'Mbpp/794',
    entryPoint: 'text_starta_endb',
    reference: lines('def text_starta_endb(s):', '    return None if s == "x" else "found"'),
    base: '[["x"]]',
    program: lines('def text_starta_endb(s):', '    return 0'),
    expected: ['fail'],
  },
  {
    title: 'MBPP takes the other surface only within the tolerance',
    taskId: 'Mbpp/1581',
    entryPoint: 'surface_Area',
    reference: lines('def surface_Area(b, s):', '    return 2 * b * s + b**2'),
    base: '[[3, 4]]',
    program: lines('def surface_Area(b, h):', '    return 35.5'),
    expected: ['fail'],
  },
]

const groups = {
  equality,
  tolerance,
  behaviour,
  inputs,
  oracles,
  converted,
  moreOracles,
}
const all = Object.values(groups).flat()

let folder: string
let verdicts: Map<string, SampleVerdict>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semantics-'))
  const problems = all.map((each, index) =>
    [
      `{"task_id": "${taskIdOf(each, index)}"`,
      `"prompt": ${JSON.stringify(`${each.reference.split('\n')[0]}\n`)}`,
      `"canonical_solution": ${JSON.stringify(each.reference.split('\n').slice(1).join('\n'))}`,
      `"entry_point": "${each.entryPoint ?? 'f'}"`,
      `"base_input": ${each.base ?? '[[0]]'}`,
      `"plus_input": ${each.plus ?? '[]'}`,
      `"atol": ${each.tolerance ?? 0}}`,
    ].join(', '),
  )
  const samples = all.map((each, index) =>
    JSON.stringify({ task_id: taskIdOf(each, index), solution: each.program }),
  )
  await writeFile(join(folder, 'problems.jsonl'), problems.join('\n'))
  await writeFile(join(folder, 'samples.jsonl'), samples.join('\n'))
  const out = join(folder, 'out')
  await evaluate({
    problems: join(folder, 'problems.jsonl'),
    samples: join(folder, 'samples.jsonl'),
    out,
    minTimeLimit: 0.5,
    totalTimeLimit: 1,
    memoryMib: 1024,
  })
  verdicts = new Map((await readVerdicts(out)).map((verdict) => [verdict.taskId, verdict]))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function taskIdOf(each: Case, index: number): string {
  return each.taskId ?? `Case/${index}`
}

for (const [group, cases] of Object.entries(groups)) {
  describe(`judging ${group}`, () => {
    it.each(cases.map((each): [string, Case] => [each.title, each]))('%s', (_, each) => {
      const verdict = verdicts.get(taskIdOf(each, all.indexOf(each)))
      const statuses = [verdict?.base.status, verdict?.plus?.status].slice(0, each.expected.length)
      expect(statuses, JSON.stringify(verdict)).toEqual(each.expected)
    })
  })
}
