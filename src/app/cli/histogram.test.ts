import { describe, expect, it } from 'vitest'
import { renderHistogram } from './histogram.ts'

describe('renderHistogram', () => {
  it('draws counts with shares, numbers in their order', () => {
    expect(renderHistogram({ 10: 1, 2: 3 }, 30)).toBe(
      '   2  3  75.0 %  █████████████\n  10  1  25.0 %  ████',
    )
  })

  it('puts the most frequent name first', () => {
    expect(renderHistogram({ error: 1, ok: 1000 }, 40).split('\n')).toEqual([
      '     ok  1000  99.9 %  █████████████████',
      '  error     1   0.1 %  █',
    ])
  })
})
