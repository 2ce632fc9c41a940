import { expect, test } from 'vitest'
import { functionKeys, normaliseSyntax } from './normalise-syntax.ts'

const source =
  'def f(a, b):\n    """Adds."""\n    total = a + b * 2  # sum\n    return max(total, 3)\n'

test('a renaming, another docstring or a comment makes no difference', () => {
  const renamed = 'def g(x, y):\n    """Other."""\n    s = x + y * 2\n    return max(s, 3)\n'
  expect(normaliseSyntax(renamed)).toBe(normaliseSyntax(source))
})

test('swapped names, another operator, method or built-in function make a difference', () => {
  const others = [
    source.replace('a + b', 'b + a'),
    source.replace('+', '-'),
    source.replace('max', 'min'),
    source.replace('return max(total, 3)', 'return total'),
  ]
  for (const other of others) expect(normaliseSyntax(other)).not.toBe(normaliseSyntax(source))
  expect(normaliseSyntax('t.upper()')).not.toBe(normaliseSyntax('t.lower()'))
})

test('constants count unless they are abstracted', () => {
  const other = source.replace('3', '4')
  expect(normaliseSyntax(other)).not.toBe(normaliseSyntax(source))
  expect(normaliseSyntax(other, 'abstract')).toBe(normaliseSyntax(source, 'abstract'))
  expect(normaliseSyntax("x = 'a'", 'abstract')).toBe(normaliseSyntax("y = 'bc'", 'abstract'))
})

test('a parameter named like a built-in function is renamed like any other', () => {
  const shadow = 'def f(sum):\n    return sum + 1\n'
  expect(normaliseSyntax(shadow)).toBe(normaliseSyntax('def f(n):\n    return n + 1\n'))
})

test('targets of loops and comprehensions are renamed', () => {
  const first = 'r = [len for len in xs]\nfor max in r:\n    print(max)\n'
  const second = 'q = [a for a in ys]\nfor b in q:\n    print(b)\n'
  expect(normaliseSyntax(first)).toBe(normaliseSyntax(second))
})

test('the functions of a file are keyed one by one', () => {
  const keys = functionKeys(`${source}\nassert f(1, 2) == 5\n\n${source.replace('f(', 'h(')}`)
  expect(keys).toHaveLength(2)
  expect(keys[0]).toBe(keys[1])
})
