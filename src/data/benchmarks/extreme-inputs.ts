import { rawElements, rawMembers } from './raw-members.ts'

/**
 * The extra inputs, by position from 0, that EvalPlus's files without extreme inputs leave out of
 * HumanEval+ v0.1.10 and MBPP+ v0.2.0: the slow and the huge ones.
 */
const extremeInputs: Readonly<Record<string, readonly number[]>> = {
  'HumanEval/25': [
    8, 9, 20, 22, 26, 27, 29, 30, 35, 37, 39, 40, 41, 42, 43, 44, 46, 47, 48, 53, 56, 57, 61, 63,
    64, 66, 67, 68, 71, 72, 74, 75, 87, 88, 89, 90, 91, 92, 93, 95, 96, 97, 99, 100, 101, 102, 104,
    106, 107, 108, 109, 110, 115, 116, 118, 119, 121, 123, 124, 125, 128, 134,
  ],
  'HumanEval/39': [1],
  'HumanEval/55': [9, 10, 13, 14, 15, 17, 18, 22, 23, 27, 29, 30, 31, 32, 33, 37, 38, 43, 44],
  'HumanEval/63': [
    10, 13, 17, 22, 24, 30, 32, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
    52, 53, 54, 55, 56, 57, 59, 60, 61, 62,
  ],
  'HumanEval/77': [
    61, 62, 63, 64, 66, 67, 71, 76, 81, 84, 89, 96, 102, 104, 105, 110, 112, 114, 120, 126, 127,
    129, 130, 131, 132, 133, 144, 146, 152, 153,
  ],
  'HumanEval/96': [
    100, 105, 106, 111, 116, 118, 122, 126, 128, 129, 130, 133, 138, 141, 144, 149, 154, 160, 161,
    162, 163, 175, 178,
  ],
  'HumanEval/138': [36, 40, 49, 54, 72, 81, 89, 92, 93, 95],
  'Mbpp/239': [
    0, 3, 5, 8, 12, 15, 25, 29, 33, 36, 38, 39, 40, 48, 53, 56, 59, 60, 64, 66, 68, 72, 80, 83, 89,
    91, 93, 94, 96, 98, 101,
  ],
  'Mbpp/274': [
    2, 7, 11, 13, 17, 19, 22, 23, 24, 25, 28, 29, 30, 31, 32, 33, 34, 35, 37, 38, 39, 40, 41, 44,
    45, 46, 47, 48, 49, 51, 52, 53, 54, 57, 58, 59, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72,
    73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
    97, 98, 99, 100, 101, 102,
  ],
  'Mbpp/388': [
    2, 3, 5, 7, 10, 15, 17, 21, 31, 32, 33, 34, 48, 58, 60, 68, 80, 85, 86, 87, 88, 91, 99,
  ],
  'Mbpp/392': [5, 20, 24, 28, 31, 32, 36, 41, 57, 58, 60, 68, 69, 78, 105],
  'Mbpp/599': [1, 6, 9, 13, 15, 16, 18, 19, 20, 21, 23, 32, 34, 39, 50, 70],
  'Mbpp/605': [
    1, 3, 4, 6, 9, 10, 11, 12, 13, 14, 15, 16, 19, 26, 27, 31, 35, 46, 48, 53, 54, 55, 66, 67, 69,
    76, 80, 81, 85, 86, 87, 90, 97,
  ],
  'Mbpp/781': [12, 32, 42, 74, 80, 95, 101, 104, 105],
}

/** A line of a problem file without extreme inputs, to the byte as in EvalPlus's own file. */
export function leaveOutExtreme(line: string, taskId: string): string {
  const extreme = extremeInputs[taskId]
  if (extreme === undefined) return line
  const plus = rawMembers(line).get('plus_input')
  if (plus === undefined) return line
  const kept = rawElements(plus).filter((_, index) => !extreme.includes(index))
  const start = line.lastIndexOf(plus)
  return `${line.slice(0, start)}[${kept.join(', ')}]${line.slice(start + plus.length)}`
}
