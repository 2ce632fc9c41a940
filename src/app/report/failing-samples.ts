import type { SampleVerdict, SetVerdict } from '../../stages/eval/index.ts'
import { escapeHtml } from './html.ts'
import type { FailingSample } from './report-input.ts'

/** The set of inputs at which a sample fails: base, unless it passes that. */
export function failedSet({ base, plus }: SampleVerdict): { name: string; verdict: SetVerdict } {
  if (base.status !== 'pass' || plus === undefined) return { name: 'base', verdict: base }
  return { name: 'plus', verdict: plus }
}

/** Each failing sample with its program, the failing input, what was expected and what came. */
export function renderFailures(failures: readonly FailingSample[], leftOut: number): string {
  if (failures.length === 0) return ''
  const items = failures.map(({ name, prompt, verdict }) => {
    const failed = failedSet(verdict)
    const rows = describeFailure(failed.verdict).map(
      ([label, text]) => `<tr><th>${label}</th><td><code>${escapeHtml(text)}</code></td></tr>`,
    )
    const number = verdict.sample === 0 ? '' : ` (sample ${verdict.sample})`
    const shown = prompt === '' ? '' : `<h3>Prompt</h3><pre>${escapeHtml(prompt)}</pre>`
    return `<details><summary><code>${escapeHtml(verdict.taskId)}</code>${number} by ${escapeHtml(name)} <span class="status">${failed.verdict.status}</span></summary>
${shown}<h3>Program</h3><pre>${escapeHtml(verdict.program)}</pre><table>${rows.join('')}</table></details>`
  })
  const rest = leftOut > 0 ? `<p class="soft">${leftOut} more are in the run folder.</p>` : ''
  return `<section><h2>Failing samples</h2>${items.join('')}${rest}</section>`
}

/** What is known of a failure, as labels and texts. */
export function describeFailure({ failure, error }: SetVerdict): [label: string, text: string][] {
  const parts: [string, string | undefined][] = [
    ['input', failure?.input],
    ['expected', failure?.expected],
    ['got', failure?.got],
    ['error', failure?.error ?? error],
    ['note', failure?.note],
  ]
  return parts.flatMap(([label, text]) => (text ? [[label, text] as [string, string]] : []))
}
