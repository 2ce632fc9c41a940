// `npm test`: sets up what the tests need, runs every suite and ends with one line of counts.
// `npm test -- PATH…` runs only the tests under these paths.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  ensureBubblewrap,
  ensureBuild,
  ensurePackages,
  ensurePython,
  ensureRedis,
  ensureTorch,
  root,
  succeeds,
} from './setup.js'
import { countTests, renderCounts } from './test-counts.js'

const suites = ['unit', 'e2e', 'parity']
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const results = join(root, 'test-results')
const paths = process.argv.slice(2)

ensurePackages()
ensureBuild()
ensurePython()
ensureBubblewrap()
ensureRedis()
if (process.env.CI) ensureTorch()

if (paths.length > 0) {
  process.exit(succeeds(process.execPath, [vitest, 'run', ...paths]) ? 0 : 1)
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results)
let failedSuites = 0
for (const suite of suites) {
  const report = `--outputFile.json=${join(results, `${suite}.json`)}`
  const args = [
    'run',
    '--project',
    suite,
    '--reporter=default',
    '--reporter=json',
    report,
    '--passWithNoTests',
  ]
  if (!succeeds(process.execPath, [vitest, ...args])) failedSuites += 1
}
const counts = countTests(results, suites)
for (const name of counts.skippedNames) process.stderr.write(`skipped: ${name}\n`)
const skipsForbidden = Boolean(process.env.CI) && counts.skipped > 0
if (skipsForbidden) process.stderr.write('error: under CI no test may be skipped\n')
process.stdout.write(`${renderCounts(counts)}\n`)
process.exitCode = failedSuites > 0 || counts.failed > 0 || skipsForbidden ? 1 : 0
