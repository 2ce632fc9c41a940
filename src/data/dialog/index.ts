export { describeValue } from './describe-value.ts'
export {
  type Block,
  type BlockType,
  blockTypes,
  type Dialog,
  type Message,
  plainType,
  type Role,
  roles,
} from './dialog.ts'
export { DialogError, type RecordPlace } from './dialog-error.ts'
export {
  createPlainDialog,
  getFinalAnswer,
  getFinalInstruction,
  getInstruction,
  getReflection,
  isReflection,
  joinBlocks,
  reanswerInstructionIndex,
  reflectionIndex,
} from './dialog-parts.ts'
export { type ParsedSegments, parseSegments } from './parse-dialog.ts'
export {
  formatSegments,
  renderBlock,
  renderDialog,
  renderMessage,
  renderOpenDialog,
  renderPrompt,
} from './render-dialog.ts'
export {
  blockTokens,
  type DialogSegment,
  findSpecialTokens,
  roleTokens,
  type SpecialToken,
  specialTokens,
} from './special-tokens.ts'
export { validateDialog } from './validate-dialog.ts'
