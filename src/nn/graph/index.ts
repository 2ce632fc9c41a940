export { attention } from './attention.ts'
export { inBlocks } from './blocks.ts'
export {
  add,
  divide,
  exponential,
  gatedUnit,
  logarithm,
  multiply,
  negate,
  scale,
  sigmoid,
  squareRoot,
  subtract,
} from './elementwise.ts'
export { gradients } from './gradients.ts'
export { Graph } from './graph.ts'
export { batchMatmul, gemm, linear } from './matrix.ts'
export { logSoftmax, rmsNorm, softmax } from './normalization.ts'
export { overRows } from './parts.ts'
export { expandLike, reduceSum, reduceTo } from './reduce.ts'
export { type GraphModel, type GraphPort, renderOnnx } from './render-onnx.ts'
export { rotary } from './rotary.ts'
export { addToColumn, selectColumn, takeRows } from './select.ts'
export {
  concatenate,
  joinParts,
  reshape,
  split,
  splitParts,
  transpose,
} from './shape-operations.ts'
export { type Dimension, type ElementType, type Shape, sizeOf, type Value } from './value.ts'
