import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { repository, runCli, temporaryFolder } from './run-cli.ts'

/** So small that the tuned model knows its katas by heart and can write their sequences itself. */
const small = {
  'first-instructions.count': 4,
  'more-instructions.count': 4,
  'more-instructions.seed': 3407,
  'problems.count': 1,
  'first-dialogs.rightAtOnce': 1,
  'first-dialogs.testsShown': 1,
  'first-plan.epochs': 36,
  'first-plan.learningRate': 0.002,
  'first-plan.sequencesPerStep': 2,
  'own-dialogs.temperature': 0,
  'second-plan.epochs': 1,
  'second-plan.sequencesPerStep': 4,
}

it('lets the tuned model be the next teacher', async () => {
  const out = join(await temporaryFolder(), 'run')
  const settings = Object.entries(small).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  const recipe = join(repository, 'recipes/autonomous.yaml')
  const run = await runCli(['run', recipe, '--out', out, '--json', ...settings])
  expect(run.stderr.slice(-2000)).not.toContain('error:')
  expect(run.status).toBe(0)
  const { scores } = JSON.parse(run.stdout) as { scores: { name: string }[] }
  expect(scores.map(({ name }) => name)).toEqual(['round 1', 'round 2'])
  const own = (await readFile(join(out, 'own-dialogs.jsonl'), 'utf8')).trim().split('\n')
  expect(own[0]).toContain('"type":"execution"')
  const plan = JSON.parse(await readFile(join(out, 'second-plan', 'manifest.json'), 'utf8'))
  expect(plan.counts.samples).toBe(4 + own.length)
})
