export { chooseToken, type SamplingOptions } from './choose-token.ts'
export {
  type BatchOptions,
  type GenerationRequest,
  type GenerationResult,
  generateBatch,
} from './generate-batch.ts'
export { type GenerateOptions, type Generator, loadGenerator } from './generator.ts'
