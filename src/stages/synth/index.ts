export { forecastSynthesis, type SynthForecast } from './forecast.ts'
export {
  type SynthOptions,
  synthOptionsSchema,
  type WorkerOptions,
  workerOptionsSchema,
} from './options.ts'
export {
  estimateSynthesis,
  type PreviewedDialog,
  previewDialogs,
  type SynthEstimate,
} from './pilot.ts'
export { serveSynthesis, type WorkerSummary } from './queue/serve-synthesis.ts'
export { scriptedTeacher } from './scripted-teacher.ts'
export { type SynthContext, type SynthSummary, synthesise } from './synthesise.ts'
export type { Attempt, Teacher, TeacherProblem, TeacherSession } from './teacher.ts'
export { type Outcome, writeDialog } from './write-dialog.ts'
