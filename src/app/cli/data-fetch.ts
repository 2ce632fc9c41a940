import { z } from 'zod'
import { InputError, nearestName, type Progress } from '../../core/index.ts'
import {
  benchmarkFiles,
  companionFiles,
  type DataFile,
  dataFiles,
  type FetchDataOptions,
  type FetchedFile,
  fetchDataFile,
  isBenchmarkName,
} from '../../data/benchmarks/index.ts'
import { defineCommand } from './command.ts'

/** `reflectioncoder data fetch BENCHMARK…`: the only command that downloads. */
export const dataFetchCommand = defineCommand({
  schema: z.strictObject({
    benchmarks: z
      .array(z.string())
      .default(['humaneval', 'mbpp'])
      .describe('Benchmarks by name, or all.'),
    data: z
      .string()
      .optional()
      .describe('Folder for the files; default $REFLECTIONCODER_DATA, else the cache.'),
    mirror: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Server (http, https) that holds the files under their own names.'),
  }),
  async run({ benchmarks, data, mirror }, { progress, signal, dataFolders }) {
    const folder = data ?? (dataFolders[0] as string)
    const files: FetchedFile[] = []
    for (const name of listFiles(benchmarks)) {
      const options = { signal, ...(mirror === undefined ? {} : { mirror }) }
      files.push(await fetchWithProgress(name, folder, options, progress))
    }
    const lines = files.map(
      ({ path, present }) => `${present ? 'there already' : 'fetched'}  ${path}`,
    )
    return { summary: { folder, files }, text: lines.join('\n') }
  },
})

function listFiles(benchmarks: readonly string[]): string[] {
  const names = benchmarks.includes('all') ? Object.keys(benchmarkFiles) : benchmarks
  return [...new Set(names.flatMap(filesOf))]
}

function filesOf(name: string): string[] {
  if (isBenchmarkName(name)) return [benchmarkFiles[name] as string, ...companionFiles(name)]
  throw new InputError(`there is no benchmark ${name} to fetch`, {
    code: 'RC_UNKNOWN_BENCHMARK',
    hint: `The nearest one is ${nearestName(name, Object.keys(benchmarkFiles))}.`,
  })
}

async function fetchWithProgress(
  name: string,
  folder: string,
  options: FetchDataOptions,
  progress: Progress,
): Promise<FetchedFile> {
  const task = progress.start(name, 0)
  const onProgress = (received: number) => task.update(received)
  const fetched = await fetchDataFile(name, dataFiles[name] as DataFile, folder, {
    ...options,
    onProgress,
  })
  task.finish(fetched.present ? 'there already' : 'fetched')
  return fetched
}
