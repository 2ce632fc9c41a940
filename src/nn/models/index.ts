export { type AddedToken, addTokenRows } from './add-token-rows.ts'
export { createDecoder, type Decoder, type PackedTokens, type Tape } from './decoder.ts'
export { type DecoderConfig, parseDecoderConfig } from './decoder-config.ts'
export { initialiseModel } from './initialise-model.ts'
export {
  exportModel,
  headParameter,
  layerParameter,
  loadModel,
  type Model,
  type Parameters,
  parameterShapes,
} from './parameters.ts'
export { definePiece, type Piece } from './piece.ts'
export type { PieceRunner } from './piece-runner.ts'
export type { Projections } from './row-attention.ts'
export type { PackedRow } from './row-groups.ts'
export { zeroGradients } from './zero-gradients.ts'
