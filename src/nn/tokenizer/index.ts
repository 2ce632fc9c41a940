export { type TrainedTokenizer, trainTokenizer } from './code-tokenizer.ts'
export { loadTokenizer, type Tokenizer } from './tokenizer.ts'
