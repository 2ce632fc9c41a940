import {
  add,
  batchMatmul,
  gatedUnit,
  linear,
  reshape,
  rmsNorm,
  rotary,
  type Shape,
  softmax,
  transpose,
  type Value,
} from '../graph/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { normaliseHeads } from './normalise-heads.ts'
import { definePiece, type Piece } from './piece.ts'

export interface DecoderPieces {
  /** x [tokens, hidden] → queries, keys (both rotated), values [tokens, heads · size]. */
  readonly attentionInput: Piece
  /** Causal attention of [batch, queries, …] over [batch, keys, …], right-padded. */
  readonly attention: Piece
  /** One query a sequence over a cache [batch, keyValueHeads, capacity, size]. */
  readonly cachedAttention: Piece
  /** x [tokens, hidden] and the attention's result → x of the next layer. */
  readonly feedForward: Piece
  /** x [rows, hidden] → logits [rows, vocabulary], the final norm included. */
  readonly logits: Piece
}

/** The parts of a decoder layer as graphs; one of each serves every layer. */
export function decoderPieces(config: DecoderConfig): DecoderPieces {
  return {
    attentionInput: attentionInput(config),
    attention: attention(config),
    cachedAttention: cachedAttention(config),
    feedForward: feedForward(config),
    logits: logits(config),
  }
}

function attentionInput(config: DecoderConfig): Piece {
  const { hiddenSize, heads, keyValueHeads, headSize, normEpsilon } = config
  const table = { shape: ['positions', headSize / 2] }
  const weights: Record<string, Shape> = {
    'input_layernorm.weight': [hiddenSize],
    'self_attn.q_proj.weight': [heads * headSize, hiddenSize],
    'self_attn.k_proj.weight': [keyValueHeads * headSize, hiddenSize],
    'self_attn.v_proj.weight': [keyValueHeads * headSize, hiddenSize],
  }
  if (config.attentionBias) {
    weights['self_attn.q_proj.bias'] = [heads * headSize]
    weights['self_attn.k_proj.bias'] = [keyValueHeads * headSize]
    weights['self_attn.v_proj.bias'] = [keyValueHeads * headSize]
  }
  if (config.queryKeyNorms) {
    weights['self_attn.q_norm.weight'] = [headSize]
    weights['self_attn.k_norm.weight'] = [headSize]
  }
  return definePiece({
    name: 'attention-input',
    inputs: { x: ['tokens', hiddenSize] },
    constants: {
      positions: { shape: [1, 'tokens'], type: 'int64' },
      cosine: table,
      sine: table,
    },
    weights,
    build: (values) => {
      const { x, positions, cosine, sine } = values as Record<
        'x' | 'positions' | 'cosine' | 'sine',
        Value
      >
      const normal = rmsNorm(x, values['input_layernorm.weight']!, normEpsilon)
      const project = (name: string) => {
        const prefix = `self_attn.${name}_proj`
        return linear(normal, values[`${prefix}.weight`]!, values[`${prefix}.bias`])
      }
      const rotate = (name: string) => {
        const norm = values[`self_attn.${name}_norm.weight`]
        const x = project(name)
        return rotary(norm ? normaliseHeads(config, x, norm) : x, positions, cosine, sine)
      }
      return {
        queries: rotate('q'),
        keys: rotate('k'),
        values: project('v'),
      }
    },
  })
}

function attention(config: DecoderConfig): Piece {
  const { heads, keyValueHeads, headSize } = config
  const group = heads / keyValueHeads
  const keyShape = ['batch', 'keys', keyValueHeads * headSize]
  return definePiece({
    name: 'attention',
    inputs: {
      queries: ['batch', 'queries', heads * headSize],
      keys: keyShape,
      values: keyShape,
    },
    // 0 where a query may see a key, −∞ elsewhere; `group` rows a query
    constants: { mask: { shape: ['queryRows', 'keys'] } },
    weights: {},
    build: ({ queries, keys, values, mask }) => {
      const grouped = reshape(queries!, ['batch', 'queries', keyValueHeads, group, headSize])
      const rows = reshape(transpose(grouped, [0, 2, 1, 3, 4]), [
        'batch',
        keyValueHeads,
        'queryRows',
        headSize,
      ])
      const byHead = (value: Value) =>
        transpose(reshape(value, ['batch', 'keys', keyValueHeads, headSize]), [0, 2, 1, 3])
      const scores = batchMatmul(rows, byHead(keys!), {
        transposeB: true,
        alpha: 1 / Math.sqrt(headSize),
      })
      const weights = softmax(add(scores, mask!))
      const mixed = reshape(batchMatmul(weights, byHead(values!)), [
        'batch',
        keyValueHeads,
        'queries',
        group,
        headSize,
      ])
      const mix = reshape(transpose(mixed, [0, 2, 1, 3, 4]), ['batch', 'queries', heads * headSize])
      return { mix }
    },
  })
}

function cachedAttention(config: DecoderConfig): Piece {
  const { heads, keyValueHeads, headSize } = config
  const cacheShape = ['batch', keyValueHeads, 'capacity', headSize]
  return definePiece({
    name: 'cached-attention',
    inputs: { queries: ['batch', heads * headSize], keys: cacheShape, values: cacheShape },
    // 0 where a key is part of the sequence, −∞ elsewhere
    constants: { mask: { shape: ['batch', 1, 1, 'capacity'] } },
    weights: {},
    build: ({ queries, keys, values, mask }) => {
      const rows = reshape(queries!, ['batch', keyValueHeads, heads / keyValueHeads, headSize])
      const scores = batchMatmul(rows, keys!, {
        transposeB: true,
        alpha: 1 / Math.sqrt(headSize),
      })
      const mixed = batchMatmul(softmax(add(scores, mask!)), values!)
      return { mix: reshape(mixed, ['batch', heads * headSize]) }
    },
  })
}

function feedForward(config: DecoderConfig): Piece {
  const { hiddenSize, intermediateSize, heads, headSize, normEpsilon } = config
  return definePiece({
    name: 'feed-forward',
    inputs: { x: ['tokens', hiddenSize], mix: ['tokens', heads * headSize] },
    weights: {
      'self_attn.o_proj.weight': [hiddenSize, heads * headSize],
      'post_attention_layernorm.weight': [hiddenSize],
      'mlp.gate_proj.weight': [intermediateSize, hiddenSize],
      'mlp.up_proj.weight': [intermediateSize, hiddenSize],
      'mlp.down_proj.weight': [hiddenSize, intermediateSize],
    },
    build: (values) => {
      const weight = (name: string) => values[`${name}.weight`]!
      const attended = linear(values.mix!, weight('self_attn.o_proj'), values.x!)
      const normal = rmsNorm(attended, weight('post_attention_layernorm'), normEpsilon)
      const unit = gatedUnit(
        linear(normal, weight('mlp.gate_proj')),
        linear(normal, weight('mlp.up_proj')),
      )
      return { y: linear(unit, weight('mlp.down_proj'), attended) }
    },
  })
}

function logits(config: DecoderConfig): Piece {
  const { hiddenSize, vocabularySize, normEpsilon } = config
  return definePiece({
    name: 'logits',
    inputs: { x: ['rows', hiddenSize] },
    weights: {
      'norm.weight': [hiddenSize],
      'head.weight': [vocabularySize, hiddenSize],
    },
    build: (values) => {
      const normal = rmsNorm(values.x!, values['norm.weight']!, normEpsilon)
      return { logits: linear(normal, values['head.weight']!) }
    },
  })
}
