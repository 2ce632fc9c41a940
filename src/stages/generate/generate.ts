import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  hashFile,
  InterruptedError,
  type Progress,
  parseOptions,
  pathExists,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import { type Problem, readProblems } from '../../data/benchmarks/index.ts'
import type { Generator } from '../../nn/infer/index.ts'
import { type GenerateOptions, generateOptionsSchema } from './options.ts'
import { type FinishedSample, openPartialSamples, type PartialSamples } from './partial-samples.ts'
import { type PreparedPrompt, preparePrompt } from './prepare-prompt.ts'

export interface GenerationContext {
  progress?: Progress
  /** Ends the generation after the batch in progress; `resume` goes on. */
  signal?: AbortSignal
  /** Where files of benchmarks are looked for when `data` is not given. */
  dataFolders?: readonly string[]
}

export interface GenerationSummary {
  model: string
  problems: string
  /** MD5 of the problem file. */
  hash: string
  out: string
  promptStyle: 'chat' | 'completion'
  taskCount: number
  sampleCount: number
  newTokens: number
  /** Samples that were cut at `maxNewTokens`. */
  cutOff: number
  /** Of this call, loading left out. */
  newTokensPerSecond: number
  wallSeconds: number
}

/**
 * Lets a model write samples for problems: JSONL of `task_id` and `solution`, ordered by problem.
 *
 * @throws InputError for options, problems or a model folder that cannot be used, and
 * `RC_OUTPUT_EXISTS`; InterruptedError after the batch in progress when `signal` is aborted.
 */
export async function generate(
  input: unknown,
  context: GenerationContext = {},
): Promise<GenerationSummary> {
  const options = parseOptions(generateOptionsSchema, input)
  const partialPath = `${options.out}.partial`
  await refuseOutput(options, partialPath)
  const problemFile = await readProblems(options.problems, {
    data: options.data ?? context.dataFolders ?? [],
  })
  const fingerprint = await fingerprintOf(options, problemFile.hash)
  const finished = await finishedSummary(options, fingerprint)
  if (finished !== undefined) return finished
  await mkdir(dirname(options.out), { recursive: true })
  const partial = await openPartialSamples(partialPath, fingerprint, options.resume)
  const before = partial.samples.length
  const { loadGenerator } = await import('../../nn/infer/index.ts')
  const generator = await loadGenerator(options.model, options.threads, options.adapter).catch(
    async (error) => {
      await (before === 0 ? partial.remove() : partial.close())
      throw error
    },
  )
  const started = performance.now()
  try {
    await writeSamples(generator, problemFile.problems, options, partial, context)
    const wallSeconds = (performance.now() - started) / 1000
    const { samples } = partial
    const summary: GenerationSummary = {
      model: options.model,
      problems: problemFile.path,
      hash: problemFile.hash,
      out: options.out,
      promptStyle: options.promptStyle,
      taskCount: problemFile.problems.length,
      sampleCount: samples.length,
      newTokens: countTokens(samples),
      cutOff: samples.filter(({ cutOff }) => cutOff).length,
      newTokensPerSecond: Math.round(countTokens(samples.slice(before)) / wallSeconds),
      wallSeconds: Math.round(wallSeconds * 1000) / 1000,
    }
    await writeFileAtomic(options.out, samples.map(renderSample).join(''))
    const record = { ...summary, fingerprint }
    await writeFileAtomic(summaryPath(options.out), `${JSON.stringify(record, null, 2)}\n`)
    await partial.remove()
    return summary
  } catch (error) {
    await partial.close().catch(() => {})
    throw error
  } finally {
    await generator.dispose()
  }
}

/** Continues prompts batch by batch, from where the partial file ends. */
async function writeSamples(
  generator: Generator,
  problems: readonly Problem[],
  options: GenerateOptions,
  partial: PartialSamples,
  context: GenerationContext,
): Promise<void> {
  const { maxNewTokens, temperature, topP, topK, seed, batchSize } = options
  const { tokenizer } = generator
  const stopIds = [
    tokenizer.eosId,
    tokenizer.specialIds['<|endofblock|>'],
    tokenizer.specialIds['<|endofmessage|>'],
  ]
  const total = problems.length * options.samplesPerTask
  const progress = (context.progress ?? silentProgress).start('generating', total)
  progress.update(partial.samples.length)
  while (partial.samples.length < total) {
    if (context.signal?.aborted) throw new InterruptedError()
    const batch = nextBatch(generator, problems, options, partial.samples.length)
    const results = await generator.generate(
      batch.map(({ id, prompt: { promptIds } }) => ({ id, promptIds })),
      { maxNewTokens, stopIds, temperature, topP, topK, seed, batchSize },
    )
    const finished = results.map(({ ids, stop }, index): FinishedSample => {
      const { taskId, prompt } = batch[index] as BatchEntry
      const solution = prompt.readSolution(ids)
      return { taskId, solution, newTokens: ids.length, cutOff: stop === 'length' }
    })
    await partial.addBatch(finished)
    progress.update(partial.samples.length, `${countTokens(partial.samples)} tokens`)
  }
  progress.finish()
}

interface BatchEntry {
  id: string
  taskId: string
  prompt: PreparedPrompt
}

/** Batches are cut at fixed places, so that a resumed generation makes the same ones. */
function nextBatch(
  { tokenizer }: Generator,
  problems: readonly Problem[],
  { promptStyle, samplesPerTask, batchSize }: GenerateOptions,
  first: number,
): BatchEntry[] {
  const end = Math.min(first + batchSize, problems.length * samplesPerTask)
  return Array.from({ length: end - first }, (_, offset) => {
    const index = first + offset
    const problem = problems[Math.floor(index / samplesPerTask)] as Problem
    return {
      id: `${problem.taskId} ${index % samplesPerTask}`,
      taskId: problem.taskId,
      prompt: preparePrompt(problem, promptStyle, tokenizer),
    }
  })
}

function renderSample({ taskId, solution }: FinishedSample): string {
  return `${JSON.stringify({ task_id: taskId, solution })}\n`
}

function countTokens(samples: readonly FinishedSample[]): number {
  return samples.reduce((sum, { newTokens }) => sum + newTokens, 0)
}

async function refuseOutput(options: GenerateOptions, partialPath: string): Promise<void> {
  if (options.overwrite || options.resume) return
  for (const path of [options.out, partialPath]) {
    if (await pathExists(path)) throw refuseExistingOutput(path)
  }
}

/** With `resume`, the summary of a generation that had ended already. */
async function finishedSummary(
  { out, resume }: GenerateOptions,
  fingerprint: string,
): Promise<GenerationSummary | undefined> {
  if (!resume || !(await pathExists(out))) return undefined
  const text = await readFile(summaryPath(out), 'utf8').catch(() => '{}')
  const record = JSON.parse(text) as GenerationSummary & { fingerprint?: string }
  if (record.fingerprint !== fingerprint) throw refuseExistingOutput(out)
  const { fingerprint: _, ...summary } = record
  return summary
}

/** Stands beside the samples. */
function summaryPath(out: string): string {
  return `${out}.summary.json`
}

/** All that samples depend on: options, problems, and the files of the model folder. */
async function fingerprintOf(options: GenerateOptions, hash: string): Promise<string> {
  const { out: _, overwrite: __, resume: ___, data: ____, problems: _____, ...shaping } = options
  const digest = createHash('sha256').update(JSON.stringify([hash, shaping]))
  const files = await modelFiles(options.model)
  if (options.adapter !== undefined) files.push(...(await modelFiles(options.adapter)))
  for (const path of files) {
    digest.update(`${basename(path)} ${await hashFile(path)}\n`)
  }
  return digest.digest('hex')
}

/** Files that make a model: those of a folder, or the GGUF file itself. */
async function modelFiles(model: string): Promise<string[]> {
  const names = await readdir(model).catch((error: NodeJS.ErrnoException) => error.code)
  if (!Array.isArray(names)) return names === 'ENOTDIR' ? [model] : []
  return names
    .filter((name) => /\.(json|safetensors)$/.test(name))
    .sort()
    .map((name) => join(model, name))
}
