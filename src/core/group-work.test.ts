import { describe, expect, it } from 'vitest'
import { groupWork } from './group-work.ts'

describe('groupWork', () => {
  it('gathers what comes while a group is in work, in order', async () => {
    const groups: number[][] = []
    const begun: (() => void)[] = []
    const add = groupWork<number>(async (items) => {
      groups.push([...items])
      await new Promise<void>((resolve) => begun.push(resolve))
    })
    const first = [add(1), add(2)]
    await Promise.resolve()
    const second = [add(3), add(4)]
    const third = add(5)
    begun[0]?.()
    await Promise.all(first)
    await Promise.resolve()
    begun[1]?.()
    await Promise.all([...second, third])
    expect(groups).toEqual([
      [1, 2],
      [3, 4, 5],
    ])
  })

  it('fails those of a group that fails, and goes on', async () => {
    const add = groupWork<number>(async (items) => {
      if (items.includes(1)) throw new Error('no')
    })
    const failing = [add(1), add(2)]
    const later = Promise.resolve().then(() => add(3))
    await expect(failing[0]).rejects.toThrow('no')
    await expect(failing[1]).rejects.toThrow('no')
    await expect(later).resolves.toBeUndefined()
  })
})
