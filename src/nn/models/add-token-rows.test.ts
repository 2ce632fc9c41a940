import { describe, expect, it } from 'vitest'
import { addTokenRows } from './add-token-rows.ts'
import { allocateWithRoom } from './room-for-rows.ts'
import { tinyConfig, tinyModel } from './tiny-model.fixture.ts'

const width = tinyConfig.hiddenSize
const rowOf = (data: Float32Array, row: number) => data.slice(row * width, (row + 1) * width)

describe('addTokenRows', () => {
  it('appends rows that are means of their source rows, in both matrices', () => {
    const model = tinyModel({ ...tinyConfig, tiedEmbeddings: false })
    const { config, parameters } = addTokenRows(model, [{ id: 61, sourceIds: [3, 5] }])
    expect(config.vocabularySize).toBe(62)
    for (const name of ['model.embed_tokens.weight', 'lm_head.weight']) {
      const old = model.parameters.get(name)!.data
      const { data, shape } = parameters.get(name)!
      const mean = rowOf(old, 3).map((x, i) => (x + rowOf(old, 5)[i]!) / 2)
      expect(shape).toEqual([62, width])
      expect(rowOf(data, 61)).toEqual(mean)
      expect(data.slice(0, old.length)).toEqual(old)
    }
  })

  it('uses spare rows and never shrinks the matrix', () => {
    const model = tinyModel()
    const { config, parameters } = addTokenRows(model, [{ id: 50, sourceIds: [7] }])
    const old = model.parameters.get('model.embed_tokens.weight')!.data
    const { data } = parameters.get('model.embed_tokens.weight')!
    expect(config.vocabularySize).toBe(61)
    expect(rowOf(data, 50)).toEqual(rowOf(old, 7))
    expect(rowOf(data, 51)).toEqual(rowOf(old, 51))
  })

  it('needs no second matrix where there is room', () => {
    const model = tinyModel()
    const old = model.parameters.get('model.embed_tokens.weight')!
    const roomy = allocateWithRoom(61, width)
    roomy.set(old.data)
    model.parameters.set('model.embed_tokens.weight', { ...old, data: roomy })
    const added = [61, 62, 63, 64, 65, 66, 67].map((id) => ({ id, sourceIds: [id - 60] }))
    const { data, shape } = addTokenRows(model, added).parameters.get('model.embed_tokens.weight')!
    expect(shape).toEqual([68, width])
    expect(data.buffer).toBe(roomy.buffer)
    expect(rowOf(data, 67)).toEqual(rowOf(old.data, 7))
    expect(data.subarray(0, old.data.length)).toEqual(old.data)
  })

  it('changes nothing when no token is new', () => {
    const model = tinyModel()
    const { config, parameters } = addTokenRows(model, [])
    expect(config).toEqual(model.config)
    expect(parameters.get('model.embed_tokens.weight')).toEqual(
      model.parameters.get('model.embed_tokens.weight'),
    )
  })
})
