import { writePlan } from '../create-plan.ts'
import { planOptionsSchema } from '../options.ts'
import { createTinyTokenizer } from './tiny-tokenizer.ts'

/** A process that plans forever over the same file, to be killed at any moment. */
const [data, out] = process.argv.slice(2) as [string, string]
const options = planOptionsSchema.parse({ data: [data], model: 'm', out, overwrite: true })
for (;;) {
  process.stdout.write('.')
  await writePlan({ ...options, sequencesPerStep: 4 }, createTinyTokenizer(), 'x', {})
}
