import type { HostileProgram } from '../hostile-program.ts'
import { files } from './files.ts'
import { interpreter } from './interpreter.ts'
import { memory } from './memory.ts'
import { otherLanguages } from './other-languages.ts'
import { outputAndTime } from './output-and-time.ts'
import { processes } from './processes.ts'
import { system } from './system.ts'
import { text } from './text.ts'

/** All of them, by what they are after. */
export const hostilePrograms: Readonly<Record<string, readonly HostileProgram[]>> = {
  Processes: processes,
  Memory: memory,
  'Output and time': outputAndTime,
  Files: files,
  'Network and system': system,
  'Interpreter and protocol': interpreter,
  'Odd text': text,
  'Other languages': otherLanguages,
}
