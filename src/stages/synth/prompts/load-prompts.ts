import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError, nearestName } from '../../../core/index.ts'
import { findSlots } from './fill-slots.ts'

/** Sets of prompts that ship with the package. */
export const promptSets = ['code', 'program', 'math', 'kata'] as const

/** What a teacher is told, in one or several phrasings each; one is drawn for each sample. */
export type PromptSet = Readonly<Record<PromptName, readonly string[]>>

type PromptName = keyof typeof promptFiles

/** Slots of those who are told how to work. */
const working = ['rounds', 'marker', 'seconds', 'failing'] as const

/**
 * One line a file. What `shown` marks stands in the dialog that is written; the rest is between the
 * teacher and us.
 */
const promptFiles = {
  system: { file: 'system.md', needs: [], may: ['language', 'fence', ...working] },
  systemTools: { file: 'system-tools.md', needs: [], may: ['language', ...working] },
  reflect: { file: 'reflect.md', needs: ['instruction'], may: ['language'] },
  output: { file: 'output.md', needs: ['output'], may: ['language', 'fence', 'instruction'] },
  answer: { file: 'answer.md', needs: ['instruction'], may: ['language'] },
  answerRules: { file: 'answer-rules.md', needs: [], may: ['language', 'fence', 'instruction'] },
} as const satisfies Record<string, { file: string; needs: string[]; may: string[] }>

/** A line of dashes parts two phrasings. */
const partition = /^-{3,}[ \t]*$/m

/**
 * Loads a set of prompts by name, or a folder whose files take the place of those of `base`.
 *
 * @throws `RC_NO_PROMPTS`, `RC_UNKNOWN_PROMPT`, `RC_BAD_PROMPT` naming file and slot
 */
export async function loadPrompts(nameOrFolder: string, base: string): Promise<PromptSet> {
  if ((promptSets as readonly string[]).includes(nameOrFolder)) {
    return readSet([shippedFolder(nameOrFolder), shippedFolder('code')])
  }
  const found = await stat(nameOrFolder).catch(() => undefined)
  if (!found?.isDirectory()) {
    throw new InputError(`no prompts at ${nameOrFolder}: expected a folder`, {
      code: 'RC_NO_PROMPTS',
      hint: `Give a folder with files such as reflect.md, or one of ${promptSets.join(', ')}.`,
    })
  }
  await refuseUnknownFiles(nameOrFolder)
  return readSet([nameOrFolder, shippedFolder(base), shippedFolder('code')])
}

const shippedFolder = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url))

async function refuseUnknownFiles(folder: string): Promise<void> {
  const known: string[] = Object.values(promptFiles).map(({ file }) => file)
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.md') || known.includes(name)) continue
    throw new InputError(`${join(folder, name)} is no prompt; known are ${known.join(', ')}`, {
      code: 'RC_UNKNOWN_PROMPT',
      hint: `The nearest name is ${nearestName(name, known)}.`,
    })
  }
}

/** Each file from the first folder that has it. */
async function readSet(folders: readonly string[]): Promise<PromptSet> {
  const entries = Object.entries(promptFiles).map(async ([name, { file, needs, may }]) => {
    const { path, text } = await readFirst(folders, file)
    const phrasings = text
      .replaceAll('\r\n', '\n')
      .split(partition)
      .map((phrasing) => phrasing.trim())
    for (const phrasing of phrasings) checkPhrasing(path, phrasing, needs, may)
    return [name, phrasings] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as unknown as PromptSet
}

async function readFirst(folders: readonly string[], file: string) {
  for (const folder of folders) {
    const path = join(folder, file)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return { path, text }
  }
  throw new Error(`no prompt file ${file}`)
}

function checkPhrasing(
  path: string,
  phrasing: string,
  needs: readonly string[],
  may: readonly string[],
): void {
  const slots = findSlots(phrasing)
  const known = [...needs, ...may]
  const complain = (problem: string, hint: string) => {
    throw new InputError(`${path}: ${problem}`, { code: 'RC_BAD_PROMPT', hint })
  }
  if (phrasing === '') complain('a phrasing is empty', 'Leave out lines of dashes at the ends.')
  for (const slot of needs) {
    if (slots.includes(slot)) continue
    complain(`a phrasing lacks the slot {{${slot}}}`, `Each must hold {{${slot}}}.`)
  }
  for (const slot of slots) {
    if (known.includes(slot)) continue
    const names = known.map((name) => `{{${name}}}`).join(', ')
    complain(`unknown slot {{${slot}}}`, `The file may hold ${names || 'no slots'}.`)
  }
}
