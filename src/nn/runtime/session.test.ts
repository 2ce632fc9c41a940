import { describe, expect, it } from 'vitest'
import { add, Graph, multiply, renderOnnx, splitParts } from '../graph/index.ts'
import { createSession } from './index.ts'

const column = (...values: number[]) => ({
  data: Float32Array.from(values),
  shape: [values.length, 1],
})

/** `sum` ← sum + x, `square` ← x². */
function inPlaceGraph() {
  const graph = new Graph()
  const x = graph.input('x', ['rows', 1])
  const sum = add(graph.input('sum', ['rows', 1]), x)
  return renderOnnx('sums', graph, { sum, square: multiply(x, x) })
}

describe('a session', () => {
  it('writes into given memory, that of a feed too, however often it runs', async () => {
    const session = await createSession(inPlaceGraph(), { threads: 1 })
    const [sum, square] = [column(0, 10, 20), column(0, 0, 0)]
    for (const x of [column(1, 2, 3), column(-4, 0.5, 6)]) {
      const results = await session.run({ x, sum }, { into: { sum, square } })
      expect(results.sum?.data).toBe(sum.data)
      expect([...square.data]).toEqual([...x.data].map((value) => value * value))
    }
    expect([...sum.data]).toEqual([-3, 12.5, 29])
    await session.dispose()
  })

  it('makes memory where none is given, and tells what fails within', async () => {
    const session = await createSession(inPlaceGraph(), { threads: 1 })
    const x = column(1, 2)
    const results = await session.run({ x, sum: column(1, 2) })
    expect(results).toEqual({ sum: column(2, 4), square: column(1, 4) })
    await expect(session.run({ x, sum: column(1, 2, 3) })).rejects.toThrow('has shape {3,1}')
    await session.dispose()
  })

  it('gives an output whose length only the run tells', async () => {
    const graph = new Graph()
    const x = graph.input('x', ['rows', 1])
    const sizes = graph.input('sizes', [2], 'int64')
    const [first] = splitParts(x, 0, sizes, ['first', 'second'])
    const session = await createSession(renderOnnx('part', graph, { first: first! }), {
      threads: 1,
    })
    const feeds = { x: column(1, 2, 3), sizes: { data: BigInt64Array.of(2n, 1n), shape: [2] } }
    expect(await session.run(feeds)).toEqual({ first: column(1, 2) })
    expect(await session.run(feeds, { sizes: { first: 2 } })).toEqual({ first: column(1, 2) })
    await session.dispose()
  })
})
