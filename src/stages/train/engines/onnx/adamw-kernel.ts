import { instantiateWasm, instructions as op, type WasmFunction } from './wasm-module.ts'

/** Factors of one update of AdamW. */
export interface UpdateFactors {
  /** On the gradient, from clipping. */
  readonly clip: number
  readonly beta1: number
  readonly beta2: number
  /** Learning rate over the bias correction of the first moment. */
  readonly rate: number
  /** 1 over the root of the bias correction of the second moment. */
  readonly rootFactor: number
  readonly epsilon: number
  /** What weight decay leaves of a weight. */
  readonly keep: number
}

/** AdamW and the sum of squares with vector instructions of four float32. */
export interface AdamWKernel {
  /** Sum of squares in double precision. */
  sumSquares(values: Float32Array): number
  /** Updates weights and moments of equal length in place. */
  update(
    weights: Float32Array,
    gradients: Float32Array,
    first: Float32Array,
    second: Float32Array,
    factors: UpdateFactors,
  ): void
}

/** Elements that are worked on together: four arrays of them stay in the second-level cache. */
const blockElements = 8192
const blockBytes = 4 * blockElements

/**
 * JavaScript has no vector instructions of its own; the kernel works on blocks that are copied into
 * its memory and back, which costs less than what it gains.
 */
export function createAdamWKernel(): AdamWKernel {
  const functions = [sumSquaresFunction(), updateFunction()]
  const exports = instantiateWasm(functions, (4 * blockBytes) / 2 ** 16)
  const { memory, sumSquares, update } = exports as Exports
  const places = [0, 1, 2, 3].map(
    (place) => new Float32Array(memory.buffer, place * blockBytes, blockElements),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array]

  /** Copies a block in, zeros behind it to whole vectors; returns its bytes. */
  const load = (place: Float32Array, from: Float32Array, start: number): number => {
    const part = from.subarray(start, start + blockElements)
    place.set(part)
    const padded = (part.length + 3) & ~3
    place.fill(0, part.length, padded)
    return 4 * padded
  }
  const store = (place: Float32Array, to: Float32Array, start: number): void => {
    const length = Math.min(blockElements, to.length - start)
    to.set(length === blockElements ? place : place.subarray(0, length), start)
  }

  return {
    sumSquares(values) {
      let sum = 0
      for (let start = 0; start < values.length; start += blockElements) {
        sum += sumSquares(load(places[0], values, start))
      }
      return sum
    },
    update(weights, gradients, first, second, factors) {
      const { clip, beta1, beta2, rate, rootFactor, epsilon, keep } = factors
      for (let start = 0; start < weights.length; start += blockElements) {
        load(places[1], gradients, start)
        load(places[2], first, start)
        load(places[3], second, start)
        const bytes = load(places[0], weights, start)
        update(bytes, clip, beta1, 1 - beta1, beta2, 1 - beta2, rate, rootFactor, epsilon, keep)
        store(places[0], weights, start)
        store(places[2], first, start)
        store(places[3], second, start)
      }
    },
  }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  sumSquares(bytes: number): number
  update(bytes: number, ...factors: number[]): void
}

/** Runs `body` for byte offsets 0, 16, … below parameter 0; `at` is the local of the offset. */
function overVectors(at: number, body: readonly number[]): number[] {
  return [
    ...op.loop,
    ...body,
    ...[...op.get(at), ...op.i32(16), ...op.i32Add, ...op.set(at)],
    ...[...op.get(at), ...op.get(0), ...op.i32LessUnsigned, ...op.branchIf(0)],
    op.end,
  ]
}

function sumSquaresFunction(): WasmFunction {
  const [at, x, sum] = [1, 2, 3]
  const addSquares = (half: readonly number[]) => [
    ...[...half, ...op.f64x2PromoteLow, ...op.set(x + 2)],
    ...[...op.get(x + 2), ...op.get(x + 2), ...op.f64x2Multiply],
    ...[...op.get(sum), ...op.f64x2Add, ...op.set(sum)],
  ]
  return {
    name: 'sumSquares',
    parameters: ['i32'],
    result: 'f64',
    locals: ['i32', 'v128', 'v128', 'v128'],
    body: [
      ...overVectors(at, [
        ...[...op.get(at), ...op.v128Load(0), ...op.set(x)],
        ...addSquares(op.get(x)),
        ...addSquares([...op.get(x), ...op.get(x), ...op.upperHalf]),
      ]),
      ...[
        ...op.get(sum),
        ...op.f64x2Extract(0),
        ...op.get(sum),
        ...op.f64x2Extract(1),
        ...op.f64Add,
      ],
    ],
  }
}

/**
 * g ← clip · g; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
 * w ← keep·w − rate · m / (√v · rootFactor + ε).
 */
function updateFunction(): WasmFunction {
  const names = [
    'clip',
    'beta1',
    'rest1',
    'beta2',
    'rest2',
    'rate',
    'rootFactor',
    'epsilon',
    'keep',
  ]
  const at = names.length + 1
  const vectors = Object.fromEntries(names.map((name, index) => [name, at + 1 + index]))
  const [g, m, v] = [0, 1, 2].map((index) => at + 1 + names.length + index) as [
    number,
    number,
    number,
  ]
  const factor = (name: string) => op.get(vectors[name]!)
  const load = (place: number) => [...op.get(at), ...op.v128Load(place * blockBytes)]
  const [weights, gradients, first, second] = [0, 1, 2, 3]
  const times = op.f32x4Multiply
  return {
    name: 'update',
    parameters: ['i32', ...names.map(() => 'f32' as const)],
    locals: ['i32', ...names.map(() => 'v128' as const), 'v128', 'v128', 'v128'],
    body: [
      ...names.flatMap((_, index) => [
        ...op.get(1 + index),
        ...op.f32x4Splat,
        ...op.set(at + 1 + index),
      ]),
      ...overVectors(at, [
        ...[...load(gradients), ...factor('clip'), ...times, ...op.set(g)],
        ...[...load(first), ...factor('beta1'), ...times],
        ...[...op.get(g), ...factor('rest1'), ...times, ...op.f32x4Add, ...op.set(m)],
        ...[...load(second), ...factor('beta2'), ...times],
        ...[...op.get(g), ...op.get(g), ...times, ...factor('rest2'), ...times],
        ...[...op.f32x4Add, ...op.set(v)],
        ...[...op.get(at), ...op.get(m), ...op.v128Store(first * blockBytes)],
        ...[...op.get(at), ...op.get(v), ...op.v128Store(second * blockBytes)],
        ...op.get(at),
        ...[...load(weights), ...factor('keep'), ...times],
        ...[...op.get(m), ...factor('rate'), ...times],
        ...[...op.get(v), ...op.f32x4Sqrt, ...factor('rootFactor'), ...times],
        ...[...factor('epsilon'), ...op.f32x4Add, ...op.f32x4Divide, ...op.f32x4Subtract],
        ...op.v128Store(weights * blockBytes),
      ]),
    ],
  }
}
