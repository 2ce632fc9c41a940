import { describe, expect, it } from 'vitest'
import { formatSummary } from './format.ts'

describe('formatSummary', () => {
  it('aligns values and indents objects', () => {
    const summary = {
      loss: 1.23456789,
      empty: {},
      inner: { long: [1, 2], x: null },
      none: undefined,
    }
    expect(formatSummary(summary)).toBe(
      ['loss   1.23457', 'empty  {}', 'inner', '  long  [1,2]', '  x     null'].join('\n'),
    )
  })

  it('gives every object of a list a block', () => {
    const data = [
      { path: 'a', samples: 1 },
      { path: 'b', samples: 2 },
    ]
    expect(formatSummary({ data })).toBe(
      'data\n  path     a\n  samples  1\ndata\n  path     b\n  samples  2',
    )
    expect(formatSummary({ data: [] })).toBe('data  []')
  })
})
