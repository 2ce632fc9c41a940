import { spawn } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportModel, initialiseModel } from '../../nn/models/index.ts'
import { trainTokenizer } from '../../nn/tokenizer/index.ts'
import type { TrainOptions } from './options.ts'

/** A reflection sample about adding a number. */
export function addingDialog(index: number, remark = 'It works.') {
  const block = (type: string, content: string) => ({ type, content })
  const user = (content: string) => ({ role: 'user', content: [block('text', content)] })
  const code = `def f(x):\n    return x + ${index}`
  return {
    id: `add-${index}`,
    type: 'reflection',
    messages: [
      user(`Add ${index} and test it.`),
      {
        role: 'assistant',
        content: [
          block('text', 'I try.'),
          block('code', `${code}\nprint(f(1))`),
          block('execution', `${index + 1}\n`),
          block('text', remark),
        ],
      },
      user(`Add ${index}.`),
      { role: 'assistant', content: [block('text', code)] },
    ],
  }
}

export async function writeDialogs(path: string, dialogs: readonly object[]): Promise<string> {
  await writeFile(path, dialogs.map((dialog) => `${JSON.stringify(dialog)}\n`).join(''))
  return path
}

/** A Qwen2 model of two small layers with random weights, and a tokenizer of the texts. */
export async function writeSmallModel(
  folder: string,
  texts: readonly string[],
  { tied = true } = {},
): Promise<void> {
  await trainTokenizer({ texts, folder, vocabularySize: 300 })
  const config = {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: 300,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: tied,
  }
  await exportModel(folder, initialiseModel(config, 1))
}

/** Trains in a process of its own and kills it some milliseconds after its first checkpoint. */
export async function killAfterCheckpoint(options: TrainOptions, delayMs: number): Promise<void> {
  const module = new URL('./train.ts', import.meta.url).href
  const code = `import(${JSON.stringify(module)}).then((m) => m.train(${JSON.stringify(options)}))`
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', code], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const checkpoints = join(options.out, 'checkpoints')
  for (let names: string[] = []; !names.some((name) => /^step-\d+$/.test(name)); ) {
    if (child.exitCode !== null) throw new Error(`training ended with ${child.exitCode}`)
    names = await readdir(checkpoints).catch(() => [])
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await new Promise((resolve) => setTimeout(resolve, delayMs))
  child.kill('SIGKILL')
  await ended
}
