// Counts tests from the reports that the runners wrote.
// As a command: `node scripts/test-counts.js [FAILED_CHECKS]` prints the line that CI ends with.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const allSuites = ['unit', 'e2e', 'parity']

/** Sums the vitest JSON reports of the suites; a suite without a report is one failure. */
export function countTests(folder, suites = allSuites) {
  const total = { passed: 0, failed: 0, skipped: 0, skippedNames: [] }
  for (const suite of suites) {
    const path = join(folder, `${suite}.json`)
    if (!existsSync(path)) {
      total.failed += 1
      continue
    }
    const report = JSON.parse(readFileSync(path, 'utf8'))
    const tests = report.testResults.flatMap((file) => file.assertionResults)
    const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
    total.passed += report.numPassedTests
    // A file that could not even be loaded fails without a failing test in it.
    const broken = report.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(isFailure),
    )
    total.failed += report.numFailedTests + broken.length
    total.skipped += skipped.length
    total.skippedNames.push(...skipped.map((test) => `${suite}: ${test.fullName}`))
  }
  return total
}

/** `12 passed, 0 failed`, with `, 3 skipped` where there are any. */
export function renderCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function isFailure(test) {
  return test.status === 'failed'
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const counts = countTests(fileURLToPath(new URL('../test-results', import.meta.url)))
  counts.failed += Number(process.argv[2] ?? 0)
  process.stdout.write(`${renderCounts(counts)}\n`)
}
