export {
  type AtomicWriter,
  createAtomicWriter,
  hashFile,
  refuseExistingOutput,
  writeFileAtomic,
} from './atomic-files.ts'
export {
  type ExitStatus,
  exitStatus,
  InputError,
  InterruptedError,
  MissingDependencyError,
  ReflectionCoderError,
  type ReflectionCoderErrorOptions,
} from './errors.ts'
export { lockFolder } from './folder-lock.ts'
export { groupWork } from './group-work.ts'
export { type LineJournal, openLineJournal } from './line-journal.ts'
export { nearestName } from './nearest-name.ts'
export { describeOptions, type OptionField, type OptionKind, optionFlag } from './option-fields.ts'
export { type OptionOrigin, parseOptions, unknownOption } from './parse-options.ts'
export { pathExists } from './path-exists.ts'
export { type Progress, type ProgressTask, silentProgress } from './progress.ts'
export { createRandom, type Random } from './random.ts'
export type { Amounts, Claimed, SharedLedger } from './shared-ledger.ts'
export {
  openWorkGiver,
  openWorkTaker,
  readRedisVersion,
  type SharedStore,
  type WorkGiver,
  type WorkTaker,
  type WorkTakerOptions,
} from './work-queue.ts'
