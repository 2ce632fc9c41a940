import { appendFile, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLineJournal } from './line-journal.ts'

async function open(path: string, fingerprint: string, resume: boolean) {
  const entries: number[] = []
  const onEntry = (entry: number) => entries.push(entry)
  return { entries, journal: await openLineJournal<number>({ path, fingerprint, resume, onEntry }) }
}

test('what was appended is there again, without a line that was cut off', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'journal-')), 'run.partial')
  const first = await open(path, 'a', true)
  await first.journal.append(1)
  await first.journal.append(2)
  await first.journal.close()
  const whole = await readFile(path, 'utf8')
  await appendFile(path, '[3')

  const second = await open(path, 'a', true)
  expect(second.entries).toEqual([1, 2])
  expect(await readFile(path, 'utf8')).toBe(whole)
  await second.journal.append(3)
  await second.journal.close()
  expect(await readFile(path, 'utf8')).toBe(`${whole}3\n`)
})

test('the journal of a run with other options is refused and left as it is', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'journal-')), 'run.partial')
  await (await open(path, 'a', false)).journal.close()
  await expect(open(path, 'b', true)).rejects.toMatchObject({ code: 'RC_RESUME_MISMATCH' })
  expect(await readFile(path, 'utf8')).toBe('{"fingerprint":"a"}\n')
  const anew = await open(path, 'b', false)
  expect(anew.entries).toEqual([])
  await anew.journal.remove()
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
})
