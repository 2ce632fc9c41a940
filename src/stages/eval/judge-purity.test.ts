import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../../sandbox/index.ts'

const keepsNothing = {
  'a function': 'def f(x):\n    return x + 1\n',
  'functions that call each other': 'def g(x):\n    return x\ndef f(x):\n    return g(x)\n',
  'constants and modules without state':
    'import math\nfrom collections import Counter\nN = (1, -2)\ndef f(x):\n    return math.sqrt(x) + len(Counter(x)) + N[0]\n',
  'an inner function':
    'def f(x):\n    n = 0\n    def g():\n        nonlocal n\n        n += x\n    g()\n    return n\n',
}
const mayKeep = {
  'a list at the top': 'seen = []\ndef f(x):\n    seen.append(x)\n',
  'a global': 'n = 0\ndef f(x):\n    global n\n    n += 1\n',
  'a default that can change': 'def f(x, seen=[]):\n    seen.append(x)\n',
  'a default of an inner function': 'def f(x, g=lambda y, s=[]: s):\n    return g(x)\n',
  'an attribute of a function': 'def f(x):\n    f.n = x\n',
  'an attribute by name': 'def f(x):\n    setattr(f, "n", x)\n',
  'a hidden attribute': 'def f(x):\n    f.__dict__["n"] = x\n',
  'a decorator': 'from functools import cache\n@cache\ndef f(x):\n    return x\n',
  'a class': 'class A:\n    n = 0\ndef f(x):\n    A.n += 1\n',
  'random numbers': 'import random\ndef f(x):\n    return random.random()\n',
  'the interpreter': 'import sys\ndef f(x):\n    sys.setrecursionlimit(9999)\n',
  'a file': 'def f(x):\n    open("a", "a").write(x)\n',
  'evaluated text': 'def f(x):\n    return eval(x)\n',
  'its own names': 'def f(x):\n    globals()["n"] = x\n',
  'a call at the top': 'import itertools\nn = itertools.count()\ndef f(x):\n    return next(n)\n',
  'text that does not parse': 'def f(x:\n',
}

let sandbox: Sandbox
let source: string
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
  source = await readFile(new URL('./judge/judge_purity.py', import.meta.url), 'utf8')
})
afterAll(() => sandbox.dispose())

async function asked(program: string): Promise<string> {
  const question = `print(keeps_nothing(${JSON.stringify(program)}))`
  const { stdout } = await sandbox.run({ language: 'python', source: `${source}\n${question}\n` })
  return stdout.trim()
}

describe('whether calls may be made by different processes', () => {
  it.each(Object.entries(keepsNothing))('yes: %s', async (_, program) => {
    expect(await asked(program)).toBe('True')
  })

  it.each(Object.entries(mayKeep))('no: %s', async (_, program) => {
    expect(await asked(program)).toBe('False')
  })
})
