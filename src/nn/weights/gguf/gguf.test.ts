import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSafetensors } from '../read-safetensors.ts'
import { renderGgufConfig } from './gguf-config.ts'
import { huggingFaceName, rotatedRow } from './gguf-names.ts'
import type { GgufTensor, GgufValue } from './parse-gguf.ts'
import { openGguf, readGgufMetadata } from './read-gguf.ts'

// Written and widened by the reference package, gguf 0.19.0 for Python.
const fixture = (name: string) => fileURLToPath(new URL(`../__fixtures__/${name}`, import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-gguf-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a file of the reference package', () => {
  it.each([
    ...['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1'],
    ...['Q5_0', 'Q5_1', 'Q4_K', 'Q5_K', 'Q6_K'],
  ])('gives its values of %s bit for bit', async (type) => {
    const file = await openGguf(fixture('types.gguf'))
    const reference = await openSafetensors(fixture('types.safetensors'))
    const tensor = file.tensors.get(type)!
    expect(tensor).toMatchObject({ type: { name: type }, shape: [3, 256] })
    const found = new Float32Array(3 * 256)
    await file.readInto(tensor, found)
    const expected = await reference.readFloat32(type)
    expect(new Uint32Array(found.buffer)).toEqual(new Uint32Array(expected.buffer))
    const turned = new Float32Array(3 * 256)
    await file.readInto(tensor, turned, (row) => 2 - row)
    expect(turned.subarray(0, 256)).toEqual(found.subarray(512))
    expect(turned.subarray(256, 512)).toEqual(found.subarray(256, 512))
    await file.close()
    await reference.close()
  })

  it('gives its metadata', async () => {
    const metadata = await readGgufMetadata(fixture('types.gguf'))
    expect(metadata.get('general.architecture')).toBe('llama')
    expect(metadata.get('test.answer')).toBe(42)
    expect(metadata.get('test.list')).toEqual(['a', 'ß'])
  })
})

describe('a broken file is refused with its name and what is wrong', () => {
  const write = async (change: (bytes: Buffer) => Buffer) => {
    const path = join(folder, 'broken.gguf')
    await writeFile(path, change(await readFile(fixture('types.gguf'))))
    return path
  }
  /** Overwrites the bytes that follow the name of a tensor. */
  const patch = (name: string, offset: number, value: number) => (bytes: Buffer) => {
    const at = bytes.indexOf(`\u0004\0\0\0\0\0\0\0${name}`) + 8 + name.length + offset
    bytes.writeUInt32LE(value, at)
    return bytes
  }
  it.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['other format', () => Buffer.from('PK\u0003\u0004 and so on'), 'expected a file that begins'],
    ['empty', () => Buffer.alloc(0), 'it ends at byte 0'],
    [
      'version',
      (bytes) => {
        bytes.writeUInt32LE(1, 4)
        return bytes
      },
      'expected version 2 or 3, got 1',
    ],
    [
      'big-endian',
      (bytes) => {
        bytes.writeUInt32BE(3, 4)
        return bytes
      },
      '(a big-endian file?)',
    ],
    [
      'absurd count',
      (bytes) => {
        bytes.writeBigUInt64LE(2n ** 62n, 16)
        return bytes
      },
      'metadata pairs, but has only',
    ],
    [
      'cut at its start',
      (bytes) => bytes.subarray(0, 100),
      'announces 11 tensors, but has only 84',
    ],
    ['cut in the header', (bytes) => bytes.subarray(0, 500), 'it ends at byte 500'],
    ['cut in the data', (bytes) => bytes.subarray(0, -40), 'tensor Q6_K, Q6_K [3, 256], ends at'],
    ['unknown type', patch('Q4_K', 20, 16), 'tensor Q4_K: expected one of the types F32, F16'],
    ['unknown type by name', patch('Q5_K', 20, 16), 'got IQ2_XXS'],
    ['row', patch('Q4_0', 4, 250), 'tensor Q4_0: Q4_0 needs rows of a multiple of 32 elements'],
    ['dimensions', patch('Q4_1', 0, 9), 'tensor Q4_1: expected 1 to 4 dimensions, got 9'],
    ['overlap', patch('Q5_0', 24, 64), 'overlaps tensor'],
  ])('%s', async (_, change, problem) => {
    const path = await write(change)
    const error = await openGguf(path).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'RC_BAD_GGUF', status: 2 })
    expect(error.message).toContain(path)
    expect(error.message).toContain(problem)
  })

  it('a file that is not there', async () => {
    await expect(openGguf(join(folder, 'none.gguf'))).rejects.toMatchObject({
      code: 'RC_WEIGHTS_UNREADABLE',
      status: 2,
    })
  })
})

describe('configuration', () => {
  const tensor = (...shape: number[]) => ({ shape }) as unknown as GgufTensor
  const tensors = new Map([
    ['token_embd.weight', tensor(300, 64)],
    ['output.weight', tensor(300, 64)],
  ])
  const render = (
    changes: Record<string, GgufValue | undefined> = {},
    factors?: Float32Array,
  ): Record<string, unknown> => {
    const pairs: Record<string, GgufValue | undefined> = {
      'general.architecture': 'llama',
      'llama.block_count': 2,
      'llama.embedding_length': 64,
      'llama.feed_forward_length': 96,
      'llama.attention.head_count': 4,
      'llama.attention.head_count_kv': [2, 2],
      'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
      'llama.rope.freq_base': Math.fround(500_000),
      'tokenizer.ggml.eos_token_id': 2,
      ...changes,
    }
    const known = Object.entries(pairs).filter(
      (pair): pair is [string, GgufValue] => pair[1] !== undefined,
    )
    return renderGgufConfig('m.gguf', new Map(known), tensors, factors)
  }

  it('is that of a Hugging Face folder', () => {
    expect(render()).toMatchObject({
      architectures: ['LlamaForCausalLM'],
      vocab_size: 300,
      num_key_value_heads: 2,
      head_dim: 16,
      rms_norm_eps: 1e-5,
      rope_theta: 500_000,
      tie_word_embeddings: false,
      eos_token_id: 2,
    })
    expect(render()).not.toHaveProperty('rope_scaling')
  })

  it('has the rotary scaling', () => {
    const linear = { 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 }
    expect(render(linear).rope_scaling).toEqual({ rope_type: 'linear', factor: 4 })
    expect(render({ 'llama.rope.scale_linear': 2 }).rope_scaling).toMatchObject({ factor: 2 })
    const yarn = {
      'llama.rope.scaling.type': 'yarn',
      'llama.rope.scaling.factor': 4,
      'llama.rope.scaling.original_context_length': 4096,
    }
    expect(render(yarn).rope_scaling).toEqual({
      rope_type: 'yarn',
      factor: 4,
      original_max_position_embeddings: 4096,
    })
    const factors = Float32Array.from({ length: 8 }, (_, index) => {
      const wavelength = 2 * Math.PI * 500_000 ** (index / 8)
      const smooth = Math.min(1, Math.max(0, (8192 / wavelength - 1) / 3))
      return 1 / ((1 - smooth) / 32 + smooth)
    })
    expect(render({}, factors).rope_scaling).toEqual({
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    })
    expect(() =>
      render(
        {},
        factors.map((value) => value ** 2),
      ),
    ).toThrow('rope_freqs.weight')
  })

  it.each<[Record<string, GgufValue | undefined>, string]>([
    [{ 'general.architecture': 'gemma' }, 'expected one of llama, qwen2, qwen3, got "gemma"'],
    [{ 'llama.block_count': undefined }, 'its metadata lacks llama.block_count'],
    [{ 'llama.attention.head_count_kv': [1, 2] }, 'head_count_kv: expected one number, got [1,2]'],
    [{ 'llama.expert_count': 8 }, 'expected a dense model, got a mixture of experts'],
    [
      { 'llama.rope.scaling.type': 'longrope', 'llama.rope.scaling.factor': 2 },
      'expected none, linear or yarn, got "longrope"',
    ],
  ])('is refused for %o', (changes, problem) => {
    expect(() => render(changes)).toThrow(problem)
    expect(() => render(changes)).toThrow('m.gguf')
  })
})

describe('names and rows', () => {
  it('are those of Hugging Face', () => {
    expect(huggingFaceName('blk.11.attn_k.bias')).toBe('model.layers.11.self_attn.k_proj.bias')
    expect(huggingFaceName('blk.0.ffn_norm.weight')).toBe(
      'model.layers.0.post_attention_layernorm.weight',
    )
    expect(huggingFaceName('output.weight')).toBe('lm_head.weight')
    expect(huggingFaceName('blk.0.ffn_gate_exps.weight')).toBe('blk.0.ffn_gate_exps.weight')
  })

  it('are put back to halves of a head', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((row) => rotatedRow(row, 4))).toEqual([
      0, 2, 1, 3, 4, 6, 5, 7,
    ])
  })
})
