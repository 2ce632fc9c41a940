import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, formatSummary } from './format.ts'
import { createLines } from './terminal-progress.ts'

describe('plain progress lines', () => {
  it('writes at most one line every few seconds, with the time left', () => {
    let time = 0
    const lines: string[] = []
    const task = createLines(
      (line) => lines.push(line),
      () => time,
    ).start('train', 100)
    for (time = 0; time <= 10_000; time += 100) task.update(time / 100, 'loss 1.5')
    expect(lines).toEqual([
      'train: 40/100, 6.0 s left, loss 1.5',
      'train: 80/100, 2.0 s left, loss 1.5',
    ])
    task.finish('100 steps')
    expect(lines.at(-1)).toBe('train: done in 10 s, 100 steps')
  })

  it('names no time left where the total is not known', () => {
    let time = 0
    const lines: string[] = []
    const task = createLines(
      (line) => lines.push(line),
      () => time,
    ).start('stats', 0)
    time = 5000
    task.update(12)
    expect(lines).toEqual(['stats: 12'])
  })
})

describe('formatting', () => {
  it('says durations as a person does', () => {
    expect([3.21, 45, 245, 7800].map(formatDuration)).toEqual([
      '3.2 s',
      '45 s',
      '4 min 05 s',
      '2 h 10 min',
    ])
  })

  it('says bytes in binary units', () => {
    expect([12, 3 * 2 ** 30, 512 * 2 ** 20].map(formatBytes)).toEqual([
      '12 B',
      '3.0 GiB',
      '512 MiB',
    ])
  })

  it('lines up the keys of a summary and indents what is nested', () => {
    expect(formatSummary({ kept: 3, dropped: { short: 1 }, share: 1 / 3 })).toBe(
      'kept     3\ndropped\n  short  1\nshare    0.333333',
    )
  })
})
