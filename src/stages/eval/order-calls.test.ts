import { describe, expect, it } from 'vitest'
import type { Problem } from '../../data/benchmarks/index.ts'
import { doubtsOf, orderCalls } from './order-calls.ts'
import { openReferences } from './references.ts'

describe('doubtsOf', () => {
  it.each([
    [
      'one loop',
      'def f(x):\n    for i in x:\n        print(i)\n    for i in x:\n        print(i)\n',
      0,
    ],
    ['a loop without a bound', 'def f(x):\n    while x:\n        x -= 1\n', 1],
    [
      'a loop in a loop',
      'def f(x):\n    for i in x:\n\n        for j in x:\n            pass\n',
      1,
    ],
    ['a loop far within a loop', 'for i in x:\n    if i:\n        y = [j for j in x]\n', 1],
    ['a comprehension with two loops', 'f = lambda x: [a + b for a in x for b in x]\n', 1],
    ['one call of itself', 'def f(x):\n    return x and f(x - 1)\n', 1],
    ['two calls of itself', 'def f(x):\n    return f(x - 1) + f(x - 2)\n', 2],
    ['loops that documentation speaks of', 'def f(x):\n    """while, for and for"""\n', 0],
    ['a text too long to be read', `#${' '.repeat(20_000)}`, 2],
  ])('%s', (_, program, doubts) => {
    expect(doubtsOf(program)).toBe(doubts)
  })

  it.each([
    ['blank lines', `for i in x:\n${'          \n'.repeat(1700)}`],
    ['definitions', 'def f(x):\n'.repeat(1990)],
    [
      'deeper and deeper lines',
      Array.from({ length: 190 }, (_, n) => `${' '.repeat(n)}a\n`).join(''),
    ],
    ['quotes', `"""'''`.repeat(3300)],
  ])('reads a hostile text of %s to its end', (_, program) => {
    expect(program.length).toBeLessThanOrEqual(20_000)
    expect(doubtsOf(program)).toBeGreaterThanOrEqual(0)
  })
})

describe('orderCalls', () => {
  const plain = 'def f(x):\n    return x\n'
  const task = (taskId: string, ...programs: string[]) => ({
    problem: { taskId } as Problem,
    programs,
  })

  const noReferences = () =>
    openReferences(undefined, { hash: '', pythonVersion: '', judgeSource: '' })

  it('begins with programs that may not end, then slow tasks alone, then the rest', async () => {
    const references = await noReferences()
    references.add('slow', { base: { seconds: 3, values: '[]' } })
    references.add('quick', { base: { seconds: 0.01, values: '[]' } })
    const rest = Array.from({ length: 30 }, (_, n) => task(`t${n}`, plain))
    const endless = task('endless', 'while True: pass')
    const calls = orderCalls(
      [...rest, task('quick', plain), task('slow', plain), endless],
      references,
      1,
    )
    const ids = calls.map(({ tasks }) => tasks.map(({ problem }) => problem.taskId))
    expect(ids[0]?.[0]).toBe('endless')
    expect(ids[1]).toEqual(['slow'])
    expect(calls[1]?.setsApart).toBe(true)
    expect(ids[2]?.slice(0, 2)).toEqual(['quick', 't0'])
    expect(ids.flat()).toHaveLength(33)
  })

  it('splits many programs for one task between calls', async () => {
    const references = await noReferences()
    const programs = Array.from({ length: 70 }, (_, n) => `def f(x):\n    return ${n}\n`)
    const calls = orderCalls([task('t', ...programs)], references, 2)
    const found = calls.flatMap(({ tasks }) => tasks.flatMap((each) => each.programs))
    expect(found).toEqual(programs)
    expect(calls.length).toBeGreaterThan(2)
  })
})
