import { createReadStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { InputError, ReflectionCoderError } from '../src/core/index.ts'
import { readJsonLines } from '../src/data/datasets/index.ts'
import { trainTokenizer } from '../src/nn/tokenizer/index.ts'

const usage = `Usage: npx tsx scripts/train-tokenizer.ts --out FOLDER [--vocabulary-size 2048]
       [--with-special-tokens] FILE...

Trains a byte-level BPE tokenizer for code on text files and JSON Lines (.jsonl, .gz and .zst too:
every text value of a record counts) and writes tokenizer.json and tokenizer_config.json. The size counts the special
tokens; --with-special-tokens gives the seven tokens of a dialog the last ids.

Example: npx tsx scripts/train-tokenizer.ts --out models/tiny --vocabulary-size 1024 corpus.txt`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      'vocabulary-size': { type: 'string', default: '2048' },
      'with-special-tokens': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  if (values.out === undefined || positionals.length === 0) {
    throw new InputError('expected --out and at least one file', { code: 'RC_USAGE', hint: usage })
  }
  const result = await trainTokenizer({
    texts: readTexts(positionals),
    folder: values.out,
    vocabularySize: Number(values['vocabulary-size']),
    withSpecialTokens: values['with-special-tokens'],
  })
  console.log(JSON.stringify({ out: values.out, ...result }))
}

async function* readTexts(paths: string[]): AsyncGenerator<string> {
  for (const path of paths) {
    if (/\.jsonl(\.gz|\.zstd?)?$/i.test(path)) {
      for await (const { value } of readJsonLines(path)) yield* textsOf(value)
    } else {
      yield* createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 24 })
    }
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsOf)
}

main().catch((error: unknown) => {
  if (!(error instanceof ReflectionCoderError)) throw error
  console.error(`${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`)
  process.exitCode = error.status
})
