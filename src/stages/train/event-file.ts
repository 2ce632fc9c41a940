import { type FileHandle, open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import type { StepMetrics } from './engine.ts'
import { renderRecord } from './event-record.ts'

/** Scalars of a run for TensorBoard, beside metrics.jsonl. */
export interface EventFile {
  write(metrics: StepMetrics): Promise<void>
  close(): Promise<void>
}

/** What every event file's name has. */
export const eventFileMark = '.tfevents.'

/**
 * Opens a new event file in a folder for steps from `firstStep` on. A resumed run adds a file; its
 * start tells TensorBoard to forget later steps of the files before it.
 */
export async function openEventFile(folder: string, firstStep: number): Promise<EventFile> {
  // TensorBoard reads the files of a folder in the order of their names.
  const milliseconds = String(Date.now()).padStart(14, '0')
  const name = `events.out${eventFileMark}${milliseconds}.${hostname()}.${process.pid}`
  const handle: FileHandle = await open(join(folder, name), 'wx')
  const append = (event: Record<string, unknown>) => {
    const message = { wallTime: Date.now() / 1000, ...event }
    return handle.appendFile(renderRecord(Event.encode(Event.create(message)).finish()))
  }
  await append({ fileVersion: 'brain.Event:2' })
  if (firstStep > 0) await append({ step: firstStep, sessionLog: { status: sessionStart } })
  return {
    async write(metrics) {
      const value = scalarsOf(metrics).map(([tag, simpleValue]) => ({ tag, simpleValue }))
      await append({ step: metrics.step, summary: { value } })
    },
    close: () => handle.close(),
  }
}

/** The part of TensorFlow's `event.proto` and `summary.proto` that is written here. */
const Event = protobuf
  .parse(`
syntax = "proto3";
message Value { string tag = 1; float simple_value = 2; }
message Summary { repeated Value value = 1; }
message SessionLog { int32 status = 1; }
message Event {
  double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5;
  SessionLog session_log = 7;
}
`)
  .root.lookupType('Event')

/** SessionLog.SessionStatus. */
const sessionStart = 1

/** Tags and values; what a step lacks is left out. */
function scalarsOf(metrics: StepMetrics): [string, number][] {
  const values: [string, number | null][] = [
    ['loss', metrics.loss],
    ['crossEntropy/all', metrics.crossEntropy],
    ['crossEntropy/teacher', metrics.teacherCrossEntropy],
    ['crossEntropy/student', metrics.studentCrossEntropy],
    ['klDivergence', metrics.klDivergence],
    ['gradientNorm', metrics.gradientNorm],
    ['learningRate', metrics.learningRate],
    ['maskRate', metrics.maskRate],
    ['tokensPerSecond', metrics.tokens / metrics.seconds],
    ['validation/loss', metrics.validation?.loss ?? null],
    ['validation/crossEntropy/all', metrics.validation?.crossEntropy ?? null],
    ['validation/crossEntropy/teacher', metrics.validation?.teacherCrossEntropy ?? null],
    ['validation/crossEntropy/student', metrics.validation?.studentCrossEntropy ?? null],
    ['validation/klDivergence', metrics.validation?.klDivergence ?? null],
  ]
  return values.filter((pair): pair is [string, number] => pair[1] !== null)
}
