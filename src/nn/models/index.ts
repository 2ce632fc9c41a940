export {
  type Adapter,
  type AdapterConfig,
  type AdapterTarget,
  adapterShapes,
  adapterTargets,
  createAdapter,
  headRowsName,
  mergeAdapter,
  tokenRowNames,
} from './adapter.ts'
export {
  applyAdapter,
  peftPrefix,
  readAdapter,
  readAdapterConfig,
  writeAdapter,
} from './adapter-folder.ts'
export { type AddedToken, addTokenRows } from './add-token-rows.ts'
export { createDecoder, type Decoder } from './decoder.ts'
export { type DecoderConfig, parseDecoderConfig } from './decoder-config.ts'
export { embedTokens } from './embed-tokens.ts'
export { initialiseModel } from './initialise-model.ts'
export { toInt64 } from './int64.ts'
export {
  type ChosenTokens,
  chooseTokens,
  fillPack,
  type PackedTokens,
  packFeeds,
  packShape,
  packSizes,
} from './pack-feeds.ts'
export {
  type LayerKind,
  layerKind,
  type PackShape,
  packedLayer,
  packInputs,
} from './packed-layers.ts'
export {
  countParameters,
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
export type { DropPlace, LayerAdapters } from './projection.ts'
export { createRotaryTable } from './rotary-table.ts'
export type { Projections } from './row-attention.ts'
export type { PackedRow } from './row-groups.ts'
export { zeroGradients } from './zero-gradients.ts'
