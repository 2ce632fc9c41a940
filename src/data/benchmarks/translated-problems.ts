import { InputError } from '../../core/index.ts'
import { badField, createTaskRegister, textField } from './record-fields.ts'
import { type JsonLine, jsonLines } from './text-lines.ts'
import { type TranslatedLanguage, translatedLanguage } from './translated-language.ts'

/** One problem of MultiPL-E: a function to be completed in another language, with a test program. */
export interface TranslatedProblem {
  /** Such as `HumanEval_23_strlen`. */
  taskId: string
  /** Comments and head of the function. */
  prompt: string
  /** What follows the function: the rest of the test program. */
  tests: string
  /** A generation ends before any of these. */
  stopTokens: readonly string[]
}

/** Reads the problems of one MultiPL-E file. */
export function readTranslatedProblems(
  path: string,
  text: string,
): { language: TranslatedLanguage; problems: TranslatedProblem[] } {
  const problems: TranslatedProblem[] = []
  const register = createTaskRegister(path)
  let language: TranslatedLanguage | undefined
  for (const entry of jsonLines(path, text)) {
    const own = translatedLanguage(textField(path, entry.line, entry.record, 'language'))
    if (own === undefined) {
      throw badField(
        path,
        entry.line,
        'language',
        'a language that can be judged here',
        entry.record.language,
        hint,
      )
    }
    language ??= own
    const problem = readProblem(path, entry)
    register(problem.taskId, entry.line)
    problems.push(problem)
  }
  if (language === undefined) {
    throw new InputError(`${path} holds no problem`, { code: 'RC_NO_PROBLEMS' })
  }
  return { language, problems }
}

const hint = 'Problems of MultiPL-E have name, language, prompt, tests and stop_tokens.'

function readProblem(path: string, { line, record }: JsonLine): TranslatedProblem {
  const stopTokens = record.stop_tokens ?? []
  if (!Array.isArray(stopTokens) || stopTokens.some((each) => typeof each !== 'string')) {
    throw badField(path, line, 'stop_tokens', 'a list of texts', stopTokens, hint)
  }
  return {
    taskId: textField(path, line, record, record.task_id === undefined ? 'name' : 'task_id'),
    prompt: textField(path, line, record, 'prompt'),
    tests: textField(path, line, record, 'tests'),
    stopTokens,
  }
}
