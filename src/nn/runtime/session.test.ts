import { describe, expect, it } from 'vitest'
import { add, Graph, multiply, renderOnnx } from '../graph/index.ts'
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
  return renderOnnx('sums', graph, { sum, square: multiply(x, x) }, {}, { inPlace: true })
}

describe('a graph that works in place', () => {
  it('writes into the given memory, that of a feed too, however often it runs', async () => {
    const session = await createSession(inPlaceGraph(), { threads: 1 })
    const [sum, square] = [column(0, 10, 20), column(0, 0, 0)]
    for (const x of [column(1, 2, 3), column(-4, 0.5, 6)]) {
      const results = await session.run({ x, sum }, { sum, square })
      expect(results.sum?.data).toBe(sum.data)
      expect([...square.data]).toEqual([...x.data].map((value) => value * value))
    }
    expect([...sum.data]).toEqual([-3, 12.5, 29])
    await session.dispose()
  })

  it('tells what fails within, and an output without memory', async () => {
    const session = await createSession(inPlaceGraph(), { threads: 1 })
    const [x, sum, square] = [column(1, 2), column(1, 2), column(0, 0)]
    await expect(session.run({ x, sum }, { sum })).rejects.toThrow('a place for the output square')
    await expect(session.run({ x, sum: column(1, 2, 3) }, { sum, square })).rejects.toThrow(/Add/)
    await session.dispose()
  })
})
