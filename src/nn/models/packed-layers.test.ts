import { describe, expect, it } from 'vitest'
import { Graph, gradients, renderOnnx, type Value } from '../graph/index.ts'
import { createSession, type HostTensor } from '../runtime/index.ts'
import { createDecoder } from './decoder.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { embedTokens } from './embed-tokens.ts'
import { chooseTokens, fillPack, type PackedTokens, packFeeds, packShape } from './pack-feeds.ts'
import { layerKind, packedLayer, packInputs } from './packed-layers.ts'
import { layerParameter, parameterShapes } from './parameters.ts'
import { createRotaryTable } from './rotary-table.ts'
import { tinyConfig, tinyModel } from './tiny-model.fixture.ts'

const table = createRotaryTable(tinyConfig)
const width = tinyConfig.hiddenSize

function packRows(...lengths: number[]): PackedTokens {
  const rows: { start: number; length: number }[] = []
  const tokens: number[] = []
  const positions: number[] = []
  for (const length of lengths) {
    rows.push({ start: tokens.length, length })
    for (let i = 0; i < length; i++) {
      tokens.push((i * 31 + length) % tinyConfig.vocabularySize)
      positions.push(i + Math.floor(i / 7))
    }
  }
  return { tokens: Int32Array.from(tokens), positions: Int32Array.from(positions), rows }
}

/** States of the chosen tokens after all layers, and the gradients of a fixed sum of them. */
async function runLayers(
  packed: PackedTokens,
  blocks: number,
  wanted: readonly number[],
  model = tinyModel(),
  tokenBlocks = 1,
) {
  const { config } = model
  const shape = { rows: packed.rows.length, blocks, tokenBlocks }
  const graph = new Graph()
  const pack = packInputs(graph, config, shape, true)
  const x = graph.input('x', ['tokens', width])
  const weights = new Map<string, Value>()
  for (const [name, size] of parameterShapes(config)) {
    if (name.startsWith('model.layers.')) weights.set(name, graph.input(name, size))
  }
  let hidden = x
  for (let layer = 0; layer < config.layers; layer++) {
    const of = (name: string) => weights.get(layerParameter(layer, name))!
    hidden = packedLayer(config, pack, hidden, of, layerKind(config, layer))
  }
  const cotangent = graph.input('cotangent', hidden.shape)
  const [dx, ...dWeights] = gradients([{ output: hidden, cotangent }], [x, ...weights.values()])
  const outputs: Record<string, Value> = { hidden, dx: dx! }
  ;[...weights.keys()].forEach((name, index) => {
    outputs[name] = dWeights[index]!
  })
  const session = await createSession(renderOnnx('layers', graph, outputs))
  const chosen = chooseTokens(packed, shape, wanted)
  const weight = new Float32Array(chosen.count * width)
  for (const token of wanted) {
    for (let i = 0; i < width; i++) weight[chosen.placeOf(token) * width + i] = Math.sin(token + i)
  }
  const embedded = embedTokens(model.parameters, packed.tokens, width)
  const feeds: Record<string, HostTensor> = {
    ...Object.fromEntries(model.parameters),
    ...packFeeds(packed, shape, table),
    ...chosen.feeds,
    x: { data: embedded, shape: [packed.tokens.length, width] },
    cotangent: { data: weight, shape: [chosen.count, width] },
  }
  const results = await session.run(feeds)
  await session.dispose()
  return { results, chosen }
}

function expectClose(actual: Float32Array, expected: Float32Array, name: string) {
  expect(actual.length).toBe(expected.length)
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  // float32 sums of at most 1,000 terms in another order
  actual.forEach((value, index) => {
    const difference = Math.abs(value - expected[index]!)
    if (difference > 2e-5 * (1 + largest)) expect(difference, `${name}[${index}]`).toBe(0)
  })
}

async function expectStatesOfDecoder(change: Partial<DecoderConfig>, packed: PackedTokens) {
  const model = tinyModel({ ...tinyConfig, ...change })
  const wanted = [0, 3, 22, 23, 31, 40, 76]
  const { results, chosen } = await runLayers(packed, 3, wanted, model)
  const decoder = createDecoder(model)
  const states = await decoder.forward(packed)
  await decoder.dispose()
  for (const token of wanted) {
    const place = chosen.placeOf(token)
    const state = results.hidden!.data.slice(place * width, (place + 1) * width)
    expectClose(state, states.slice(token * width, (token + 1) * width), `token ${token}`)
  }
}

describe('packed layers', () => {
  it.each([
    ['a narrow gated unit', {}],
    ['a wide gated unit, in parts', { intermediateSize: 2048 }],
  ])('with %s compute the states that the decoder of generation computes', (_, change) =>
    expectStatesOfDecoder(change, packRows(23, 9, 14, 31)),
  )

  // The decoder counts tokens, these count positions: without gaps that is the same.
  it.each([
    ['in both layers', [7, 7]],
    ['in one layer', [Number.POSITIVE_INFINITY, 4]],
  ])('with a sliding window %s compute the states of the decoder too', (_, windows) => {
    const packed = packRows(23, 9, 14, 31)
    for (const { start, length } of packed.rows) {
      for (let i = 0; i < length; i++) packed.positions[start + i] = i
    }
    return expectStatesOfDecoder({ windows }, packed)
  })

  it('give the same gradients however many blocks the queries are cut into', async () => {
    const packed = packRows(41, 17)
    const wanted = [5, 6, 7, 38, 50]
    const whole = await runLayers(packed, 1, wanted)
    for (const blocks of [2, 4, 8]) {
      const cut = await runLayers(packed, blocks, wanted)
      for (const name of Object.keys(whole.results)) {
        if (name === 'hidden') continue
        expectClose(cut.results[name]!.data, whole.results[name]!.data, `${name}, ${blocks} blocks`)
      }
    }
  })

  it('give the same gradients however many blocks the tokens are cut into', async () => {
    const packed = packRows(41, 23)
    const wanted = [5, 6, 7, 38, 50]
    const model = tinyModel({ ...tinyConfig, intermediateSize: 2048 })
    const whole = await runLayers(packed, 2, wanted, model)
    for (const tokenBlocks of [2, 4, 8]) {
      const cut = await runLayers(packed, 2, wanted, model, tokenBlocks)
      expect(cut.chosen.count % tokenBlocks).toBe(0)
      for (const name of Object.keys(whole.results)) {
        if (name === 'hidden') continue
        expectClose(cut.results[name]!.data, whole.results[name]!.data, `${name}, ${tokenBlocks}`)
      }
    }
  })

  it('add up the gradients of rows that are packed together', async () => {
    const both = await runLayers(packRows(20, 13), 2, [4, 19, 25, 32])
    const first = await runLayers(packRows(20), 2, [4, 19])
    // the second row alone: its tokens have other numbers, so the cotangent is moved by hand
    const together = both.results.dx!.data.slice(0, 20 * width)
    expectClose(first.results.dx!.data, together, 'dx')
  })
})

describe('packShape', () => {
  it('never cuts a row into more blocks than it has tokens', () => {
    expect(packShape(tinyConfig, packRows(3000, 2)).blocks).toBe(2)
  })

  const wide = { ...tinyConfig, intermediateSize: 4864 }
  it.each([
    ['narrow layers whole', tinyConfig, packRows(2000, 2000), 1],
    ['few tokens whole', wide, packRows(300, 300), 1],
    ['wide layers in blocks of about 512 tokens', wide, packRows(1364, 760), 4],
    ['the longest packs in 16 blocks', wide, packRows(20_000, 12_000), 16],
    ['tokens in no more blocks than divide them evenly', wide, packRows(1364, 762), 2],
  ])('takes %s', (_, config, packed, blocks) => {
    expect(packShape(config, packed).tokenBlocks).toBe(blocks)
  })
})

describe('fillPack', () => {
  const wide = { ...tinyConfig, intermediateSize: 4864 }

  it('adds tokens to the last row until blocks are of one size', () => {
    const packed = packRows(1364, 761)
    const filled = fillPack(wide, packed)
    expect(filled.tokens.length).toBe(2128)
    expect(filled.tokens.subarray(0, 2125)).toEqual(packed.tokens)
    expect([...filled.positions.subarray(2124)]).toEqual(Array(4).fill(packed.positions[2124]))
    expect(filled.rows).toEqual([packed.rows[0], { start: 1364, length: 764 }])
    expect(packShape(wide, filled).tokenBlocks).toBe(4)
  })

  it('leaves a pack as it is that needs none', () => {
    const even = packRows(1364, 760)
    expect(fillPack(wide, even)).toBe(even)
    const narrow = packRows(1364, 761)
    expect(fillPack(tinyConfig, narrow)).toBe(narrow)
  })
})

describe('chooseTokens', () => {
  it('chooses more tokens, from the end, until blocks are of one size', () => {
    const shape = { rows: 2, blocks: 1, tokenBlocks: 4 }
    const chosen = chooseTokens(packRows(5, 3), shape, [7, 1, 4])
    expect([...chosen.feeds.chosen!.data].map(Number)).toEqual([1, 4, 6, 7])
    expect([...chosen.feeds.chosenSizes!.data].map(Number)).toEqual([2, 2])
    expect(chosen.placeOf(7)).toBe(3)
  })

  it('chooses the first token of a block that has none', () => {
    const packed = packRows(10)
    const chosen = chooseTokens(packed, { rows: 1, blocks: 5, tokenBlocks: 1 }, [9, 2])
    expect([...chosen.feeds.chosen!.data].map(Number)).toEqual([0, 2, 4, 6, 9])
    expect([...chosen.feeds.chosenSizes!.data].map(Number)).toEqual([1, 1, 1, 1, 1])
    expect(chosen.placeOf(9)).toBe(4)
  })
})
