import type { Random } from '../../../core/index.ts'
import type { BlockType } from '../../../data/dialog/index.ts'
import type { MaskStrategy } from '../options.ts'

interface Ids {
  user: number
  assistant: number
  text: number
  code: number
  execution: number
  endofblock: number
  endofmessage: number
}

/** The published collator's mask of the student, by scanning ids; 1 is seen. */
export function publishedMask(
  ids: number[],
  special: Ids,
  strategy: MaskStrategy,
  rate: number,
  order: readonly BlockType[],
  random: Random,
): number[] {
  if (strategy === 'none') return ids.map(() => 1)
  const start = ids.indexOf(special.assistant) + 1
  const end = ids.indexOf(special.endofmessage, start)
  const inner = maskReflection(ids.slice(start, end), special, strategy, rate, order, random)
  const head = Array(start).fill(0)
  return [...head, ...inner, 0, ...Array(ids.length - end - 1).fill(1)]
}

function maskReflection(
  ids: number[],
  special: Ids,
  strategy: Exclude<MaskStrategy, 'none'>,
  rate: number,
  order: readonly BlockType[],
  random: Random,
): number[] {
  const n = ids.length
  if (strategy === 'all') return Array(n).fill(0)
  if (strategy === 'sequential-token') return ids.map((_, i) => (i < Math.ceil(n * rate) ? 0 : 1))
  if (strategy === 'random-token') {
    const chosen = new Set(random.shuffle([...ids.keys()]).slice(0, Math.ceil(n * rate)))
    return ids.map((_, i) => (chosen.has(i) ? 0 : 1))
  }
  const blocks: number[][] = [[]]
  for (const id of ids) {
    blocks.at(-1)!.push(id)
    if (id === special.endofblock) blocks.push([])
  }
  blocks.pop()
  const count = Math.ceil(blocks.length * rate)
  let hides: (block: number[], index: number) => boolean
  if (strategy === 'sequential-block') hides = (_, index) => index < count
  else if (strategy === 'random-block') {
    const chosen = new Set(random.shuffle([...blocks.keys()]).slice(0, count))
    hides = (_, index) => chosen.has(index)
  } else {
    const hidden = [special[order[0]!]]
    if (rate >= 0.33) hidden.push(special[order[1]!])
    if (rate >= 0.67) hidden.push(special[order[2]!])
    hides = (block) => hidden.includes(block[0]!)
  }
  return blocks.flatMap((block, index) => block.map(() => (hides(block, index) ? 0 : 1)))
}

/** The published labels of the teacher: −100 where nothing is learned. */
export function publishedTeacherLabels(ids: number[], special: Ids, bos: boolean): number[] {
  const labels = [...ids]
  if (bos) labels[0] = -100
  let until: number | undefined
  for (const [index, id] of ids.entries()) {
    if (until === undefined && id === special.user) until = special.endofmessage
    if (until === undefined && id === special.execution) until = special.endofblock
    if (until !== undefined) labels[index] = -100
    if (id === until) until = undefined
  }
  return labels
}

/** The published labels of the student. */
export function publishedStudentLabels(ids: number[], special: Ids): number[] {
  const start = ids.lastIndexOf(special.assistant)
  return ids.map((id, index) => (index >= start && index < ids.length - 1 ? id : -100))
}
