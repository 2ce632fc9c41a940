import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/index.ts'

/** What a reference returned for the inputs of one set, as the judge wrote it. */
export interface ReferenceSet {
  /** Time of all calls, seconds. */
  seconds: number
  /** JSON text on one line; only Python reads the values in it. */
  values: string
}

/** Expected values and times of references that ran, in memory and on the disk. */
export interface References {
  /** JSON texts by set of a task, as far as they are known. */
  valuesOf(taskId: string): Record<string, string>
  /** Time of the reference over all known sets, seconds; undefined when none is known. */
  secondsOf(taskId: string): number | undefined
  add(taskId: string, sets: Record<string, ReferenceSet>): void
  /** Writes what is new to the disk. */
  save(): Promise<void>
}

/** What expected values and times depend on beside the problems. */
export interface ReferenceSetting {
  /** Hash of the problem file. */
  hash: string
  pythonVersion: string
  judgeSource: string
}

/**
 * Opens the references that earlier evaluations left in a folder; without a folder they are kept
 * in memory alone. Those of other problems, another judge, Python or machine are not seen. When one
 * of `taskIds` lacks something, what `readShipped` gives is taken in where nothing else is known.
 */
export async function openReferences(
  folder: string | undefined,
  setting: ReferenceSetting,
  taskIds: readonly string[] = [],
  readShipped: () => Promise<KnownSets> = async () => new Map(),
): Promise<References> {
  const path = folder === undefined ? undefined : join(folder, `${keyOf(setting)}.jsonl`)
  const known: KnownSets = path === undefined ? new Map() : await readReferences(path)
  let changed = false
  const add = (taskId: string, sets: Record<string, ReferenceSet>) => {
    if (Object.keys(sets).length === 0) return
    known.set(taskId, { ...known.get(taskId), ...sets })
    changed = true
  }
  if (taskIds.some((taskId) => known.get(taskId)?.plus === undefined)) {
    for (const [taskId, sets] of await readShipped()) add(taskId, { ...sets, ...known.get(taskId) })
  }
  return {
    add,
    valuesOf(taskId) {
      const sets = known.get(taskId) ?? {}
      return Object.fromEntries(Object.entries(sets).map(([name, { values }]) => [name, values]))
    },
    secondsOf(taskId) {
      const sets = known.get(taskId)
      return sets && Object.values(sets).reduce((sum, { seconds }) => sum + seconds, 0)
    },
    async save() {
      if (path === undefined || !changed) return
      await writeFileAtomic(path, renderReferences(known))
      changed = false
    },
  }
}

/** Sets of inputs by task and name. */
export type KnownSets = Map<string, Record<string, ReferenceSet>>

/** Each set as two lines: what it is, and its values as they are. */
function renderReferences(known: KnownSets): string {
  const lines = [...known].flatMap(([taskId, sets]) =>
    Object.entries(sets).flatMap(([set, { seconds, values }]) => {
      const head: SetHead = { taskId, set, seconds, length: values.length }
      return [JSON.stringify(head), values]
    }),
  )
  return lines.map((line) => `${line}\n`).join('')
}

interface SetHead {
  taskId: string
  set: string
  seconds: number
  /** Characters of the values. */
  length: number
}

/** A file that cannot be read is made anew. */
async function readReferences(path: string): Promise<KnownSets> {
  const known: KnownSets = new Map()
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.split('\n')
  try {
    for (let index = 0; index + 1 < lines.length; index += 2) {
      const { taskId, set, seconds, length } = JSON.parse(lines[index] as string) as SetHead
      const values = lines[index + 1] as string
      if (values.length !== length) return new Map()
      known.set(taskId, { ...known.get(taskId), [set]: { seconds, values } })
    }
  } catch {
    return new Map()
  }
  return known
}

function keyOf({ hash, pythonVersion, judgeSource }: ReferenceSetting): string {
  const machine = cpus()[0]?.model ?? ''
  const parts = JSON.stringify([hash, pythonVersion, judgeSource, machine])
  return `${hash}-${createHash('sha256').update(parts).digest('hex').slice(0, 16)}`
}
