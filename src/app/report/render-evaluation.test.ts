import { describe, expect, it } from 'vitest'
import type { EvaluationSummary, SampleVerdict, SetVerdict } from '../../stages/eval/index.ts'
import { renderEvaluation } from './render-evaluation.ts'
import { renderEvaluationText } from './render-evaluation-text.ts'
import { renderJunit } from './render-junit.ts'

const set = (status: SetVerdict['status'], more: Partial<SetVerdict> = {}): SetVerdict => ({
  status,
  finished: 1,
  inputs: 2,
  load: 0,
  seconds: 0.25,
  failTests: [],
  ...more,
})

const verdicts: SampleVerdict[] = [
  { taskId: 'T/0', sample: 0, program: 'ok', base: set('pass'), plus: set('pass') },
  {
    taskId: 'T/1',
    sample: 0,
    program: 'def f(x):\n    return "<b>"',
    base: set('pass'),
    plus: set('fail', {
      failure: { index: 1, input: '[3]', expected: '"a & b"', got: '"<b>\u0007\ud800"' },
    }),
  },
  {
    taskId: 'T/1',
    sample: 1,
    program: 'def f(',
    base: set('fail', { error: 'SyntaxError: bad' }),
    plus: set('fail', { error: 'SyntaxError: bad' }),
  },
  { taskId: 'T/2', sample: 0, program: 'x', base: set('timeout'), plus: set('pass') },
  { taskId: 'T/3', sample: 0, program: 'y', base: set('infra-error'), plus: set('pass') },
]

const summary: EvaluationSummary = {
  benchmark: 'own.jsonl',
  mini: false,
  extreme: true,
  problems: 'own.jsonl',
  hash: 'h',
  samples: 'samples.jsonl',
  taskCount: 4,
  sampleCount: 5,
  programCount: 5,
  isolation: 'bubblewrap',
  passAtK: { base: { 'pass@1': 0.5, 'pass@10': 0.75 }, plus: { 'pass@1': 0.25 } },
  base: { value: 0.5, interval: [0.2, 0.8] },
  plus: { value: 0.25, interval: [0.1, 0.6] },
  statuses: {
    base: { pass: 2, fail: 1, timeout: 1, 'infra-error': 1 },
    plus: { pass: 3, fail: 2, timeout: 0 },
  },
  chargedSeconds: 2.5,
  timeSensitive: ['T/2'],
  missingTasks: ['T/9'],
  unknownTasks: [],
  warnings: ['the sandbox failed for 1 samples'],
  wallSeconds: 1.25,
}

describe('renderEvaluation', () => {
  const failures = verdicts.slice(1).map((verdict) => ({ name: 'm', prompt: 'P <i>', verdict }))
  const page = renderEvaluation({ summary, failures })

  it('shows every failing sample with input, expected and got, escaped', () => {
    expect(page.match(/<details>/g)).toHaveLength(4)
    expect(page).toContain('<tr><th>input</th><td><code>[3]</code></td></tr>')
    expect(page).toContain('<tr><th>expected</th><td><code>&#34;a &#38; b&#34;</code></td></tr>')
    expect(page).toContain('<th>got</th><td><code>&#34;&#60;b&#62;')
    expect(page).toContain('T/1</code> (sample 1) by m <span class="status">fail</span>')
    expect(page).not.toContain('<b>')
  })

  it('shows scores, intervals and notes, and loads nothing', () => {
    expect(page).toContain('50.0 %')
    expect(page).toContain('20.0 % to 80.0 %')
    expect(page).toContain('pass@10 75.0 %')
    expect(page).toContain('near a time limit, so that another machine may judge otherwise: T/2')
    expect(page).toContain('without a sample: T/9')
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(|@import/)
  })
})

describe('renderEvaluationText', () => {
  it('is a table with notes', () => {
    const lines = renderEvaluationText(summary).split('\n')
    expect(lines[0]).toBe('own.jsonl: 4 tasks, 5 samples, 5 different programs')
    expect(lines[3]).toMatch(/^base\s+50\.0 %\s+20\.0 % … 80\.0 %\s+2\s+1\s+1 {2}1 not judged /)
    expect(lines[4]).toMatch(/^ +pass@10 75\.0 %$/)
    expect(lines[5]).toMatch(/^base and plus {3}25\.0 %/)
    expect(lines).toContain('warning: the sandbox failed for 1 samples')
    expect(lines).toContain('near a time limit: T/2')
  })
})

describe('renderJunit', () => {
  const xml = renderJunit('own', verdicts, 'plus')

  it('counts cases, failures and errors', () => {
    expect(xml).toContain('<testsuite name="own" tests="5" failures="3" errors="1" time="2.500">')
    expect(xml).toContain('<testcase classname="own" name="T/0" time="0.500"/>')
    expect(xml).toContain('name="T/1 (sample 1)"')
    expect(xml.match(/<error type="infra-error"/g)).toHaveLength(1)
  })

  it('says why each failed, in characters that XML allows', () => {
    expect(xml).toContain(
      '<failure type="fail" message="plus: got: &#34;&#60;b&#62;\ufffd\ufffd&#34;">',
    )
    expect(xml).toContain('input: [3]&#10;expected: &#34;a &#38; b&#34;&#10;')
    expect(xml).toContain('message="base: error: SyntaxError: bad"')
    expect(xml).toContain('message="base: it ended before it had a result"')
  })

  it('judges by the base inputs alone where asked to', () => {
    expect(renderJunit('own', verdicts.slice(0, 2), 'base')).toContain('failures="0"')
  })
})
