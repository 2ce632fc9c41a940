import { describe, expect, it } from 'vitest'
import { reportInput } from './__fixtures__/report-input.ts'
import { niceTicks } from './line-chart.ts'
import { renderReport } from './render-report.ts'
import { renderBar, renderScoresText } from './render-scores-text.ts'

const page = renderReport(reportInput)

describe('renderReport', () => {
  it('loads nothing from elsewhere and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(|@import/)
  })

  it('draws every curve that a run has', () => {
    const [reflection, plain] = page.split('Training: ').slice(1)
    for (const title of ['Cross-entropy', 'KL(', 'Mask rate', 'Learning rate']) {
      expect(reflection).toContain(`<figcaption>${title}`)
    }
    expect(reflection).toContain('teacher: 1 to')
    expect(plain).not.toMatch(/<figcaption>(KL|Mask)/)
  })

  it('draws the loss on held-out samples where it was measured, joined over the other steps', () => {
    const [curve] = reportInput.curves
    const metrics = curve!.metrics.map((step) =>
      step.step % 12 === 11 ? { ...step, validation: { ...step, loss: 3 - step.step / 48 } } : step,
    )
    const drawn = renderReport({ ...reportInput, curves: [{ ...curve!, metrics }] })
    expect(drawn).toContain('<figcaption>Held-out samples')
    const path = / d="(M[^"]*)"><title>held-out samples: 2.77 to 2.02</.exec(drawn)?.[1]
    expect(path?.match(/[ML]/g)).toEqual(['M', 'L', 'L', 'L'])
    expect(page).not.toContain('<figcaption>Held-out samples')
  })

  it('shows scores with intervals and paired differences', () => {
    expect(page).toContain('44.5 %')
    expect(page).toContain('37.8 % to 51.4 %')
    expect(page).toContain('ReflectionCoder − plain</td><td class="number">+7.5</td>')
  })

  it('shows why a sample fails, with its text escaped', () => {
    expect(page).toContain('longer than 3 &#60;letters&#62;')
    expect(page).toContain('<th>got</th><td><code>1</code></td>')
    expect(page).toContain('125 more are in the run folder')
  })

  it('leaves out parts that a run does not have', () => {
    const empty = renderReport({
      ...reportInput,
      curves: [],
      scores: [],
      comparisons: [],
      failures: [],
      steps: [],
    })
    expect(empty.match(/<h2>/g)).toHaveLength(1)
  })
})

describe('renderScoresText', () => {
  it('lines up scores, bars and differences', () => {
    const lines = renderScoresText(reportInput.scores, reportInput.comparisons).split('\n')
    expect(lines[3]).toBe(
      `ReflectionCoder  44.5 %  37.8 % … 51.4 %      200  ${renderBar(0.445, [0.378, 0.514])}`,
    )
    expect(lines[6]).toMatch(/^ReflectionCoder − plain +\+7\.5 points \(/)
  })

  it('draws the value solid and the rest of the interval thin', () => {
    expect(renderBar(0.5, [0.25, 0.75])).toBe(
      '█'.repeat(10) + '▓'.repeat(10) + '─'.repeat(10) + '·'.repeat(10),
    )
  })
})

describe('niceTicks', () => {
  it('encloses the range with a few round numbers', () => {
    expect(niceTicks(0, 1)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(niceTicks(0, 7)).toEqual([0, 2, 4, 6, 8])
  })
})
