export { type GenerationContext, type GenerationSummary, generate } from './generate.ts'
export { type GenerateOptions, generateOptionsSchema } from './options.ts'
export { type PreparedPrompt, type PromptStyle, preparePrompt } from './prepare-prompt.ts'
