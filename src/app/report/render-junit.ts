import { passes, type SampleVerdict } from '../../stages/eval/index.ts'
import { describeFailure, failedSet } from './failing-samples.ts'

/** An evaluation as JUnit XML, one test case for each sample, for continuous integration. */
export function renderJunit(
  benchmark: string,
  verdicts: readonly SampleVerdict[],
  set: 'base' | 'plus',
): string {
  const failed = verdicts.filter((verdict) => !passes(verdict, set))
  const errors = failed.filter((verdict) => failedSet(verdict).verdict.status === 'infra-error')
  const seconds = verdicts.reduce((sum, verdict) => sum + secondsOf(verdict), 0)
  const counts = `tests="${verdicts.length}" failures="${failed.length - errors.length}" errors="${errors.length}" time="${seconds.toFixed(3)}"`
  const cases = verdicts.map((verdict) => renderCase(benchmark, verdict, set))
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
<testsuite name="${escapeXml(benchmark)}" ${counts}>
${cases.join('\n')}
</testsuite>
</testsuites>
`
}

function renderCase(benchmark: string, verdict: SampleVerdict, set: 'base' | 'plus'): string {
  const number = verdict.sample === 0 ? '' : ` (sample ${verdict.sample})`
  const head = `<testcase classname="${escapeXml(benchmark)}" name="${escapeXml(verdict.taskId)}${number}" time="${secondsOf(verdict).toFixed(3)}"`
  if (passes(verdict, set)) return `${head}/>`
  const { name, verdict: failed } = failedSet(verdict)
  const lines = describeFailure(failed).map(([label, text]) => `${label}: ${text}`)
  const message = lines.at(-1)?.split('\n')[0] ?? 'it ended before it had a result'
  const element = failed.status === 'infra-error' ? 'error' : 'failure'
  return `${head}><${element} type="${failed.status}" message="${escapeXml(`${name}: ${message}`)}">${escapeXml(lines.join('\n'))}</${element}></testcase>`
}

function secondsOf({ base, plus }: SampleVerdict): number {
  return base.seconds + (plus?.seconds ?? 0)
}

/** Text that is safe in XML 1.0, whose characters leave out most controls and lone surrogates. */
function escapeXml(text: string): string {
  return text
    .replace(loneSurrogate, '\ufffd')
    .replace(notXml, '\ufffd')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('\n', '&#10;')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
