import { z } from 'zod'
import { pathExists, refuseExistingOutput, writeFileAtomic } from '../../core/index.ts'
import { openFailure } from '../../stages/eval/index.ts'
import { defineCommand } from './command.ts'

/** `reflectioncoder eval open TASK`. */
export const evalOpenCommand = defineCommand({
  schema: z.strictObject({
    task: z.string().min(1).describe('Id of the task, such as HumanEval/32.'),
    results: z.string().default('.').describe('Output folder of the evaluation.'),
    sample: z.int().min(0).default(0).describe('Which sample of the task, from 0.'),
    data: z
      .string()
      .optional()
      .describe('Folder with the files of benchmarks; default where data fetch puts them.'),
    out: z.string().optional().describe('File to write; default named for the task, here.'),
    overwrite: z.boolean().default(false).describe('Replace the file.'),
  }),
  async run({ task, results, sample, data, out, overwrite }, { dataFolders }) {
    const opened = await openFailure({
      results,
      taskId: task,
      sample,
      data: data === undefined ? dataFolders : [data],
    })
    const path = out ?? opened.name
    if (!overwrite && (await pathExists(path))) throw refuseExistingOutput(path)
    await writeFileAtomic(path, opened.content)
    return {
      summary: { path, task, sample, set: opened.set, status: opened.status },
      text: `${path}\n${opened.hint}`,
    }
  },
})
