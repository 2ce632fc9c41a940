export { type TrainedTokenizer, trainTokenizer } from './code-tokenizer.ts'
export { refuseOtherVocabulary } from './refuse-other-vocabulary.ts'
export { loadTokenizer, type Tokenizer } from './tokenizer.ts'
