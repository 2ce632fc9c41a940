import { z } from 'zod'
import { cuttings } from './cut-completion.ts'

/** Options of `eval`. */
export const evalOptionsSchema = z.strictObject({
  benchmark: z
    .string()
    .min(1)
    .optional()
    .describe(
      'humaneval, mbpp, multipl-e-LANGUAGE, gsm8k, katas, or a problem file (JSONL, .gz) in the format of one of them.',
    ),
  problems: z.string().min(1).optional().describe('The same as benchmark, for a problem file.'),
  data: z
    .string()
    .optional()
    .describe('Folder with the files of benchmarks; default where data fetch puts them.'),
  mini: z.boolean().default(false).describe('HumanEval+ Mini: few extra inputs, found to matter.'),
  extreme: z
    .boolean()
    .default(true)
    .describe('Keep the slow and huge extra inputs of HumanEval+ and MBPP+.'),
  samples: z
    .string()
    .min(1)
    .describe('Samples: JSONL with solution or completion, or a folder TASK_ID/N.py.'),
  out: z.string().min(1).describe('Folder for eval_results.json, verdicts.jsonl and summary.json.'),
  overwrite: z.boolean().default(false).describe('Replace the results that are in the folder.'),
  resume: z.boolean().default(false).describe('Go on with an evaluation that was interrupted.'),
  allowPartial: z.boolean().default(false).describe('Accept problems that have no sample.'),
  baseOnly: z.boolean().default(false).describe('Judge by the base inputs alone.'),
  plusAfterFailedBase: z
    .boolean()
    .default(true)
    .describe('Run the extra inputs of programs that failed the base inputs; pass@k is the same.'),
  testDetails: z
    .boolean()
    .default(false)
    .describe('Run all inputs of a program, not only those up to the first that fails.'),
  strictIdentical: z
    .boolean()
    .default(false)
    .describe(
      'Compare within the program, as EvalPlus does: the same verdicts even on programs that attack the judge.',
    ),
  minTimeLimit: z
    .number()
    .positive()
    .max(3600)
    .default(4)
    .describe('Least time limit of one call, seconds.'),
  gtTimeLimitFactor: z
    .number()
    .positive()
    .max(1000)
    .default(4)
    .describe('Time limit of one call as a multiple of the time of the reference.'),
  totalTimeLimit: z
    .number()
    .positive()
    .max(3600)
    .default(60)
    .describe('Most time for all inputs of a set, seconds; 2 more are for start and end.'),
  memoryMib: z.int().min(64).max(65536).default(4096).describe('Address space of a program, MiB.'),
  cutting: z
    .enum(cuttings)
    .default('first')
    .describe(
      'multipl-e: cut completions at the first stop token (as the harness), at the last of each stop text (as ReflectionCoder), to the function in the first fenced block (as DeepSeek for instructed models), or not.',
    ),
  javaTuples: z
    .boolean()
    .default(true)
    .describe(
      'multipl-e-java: programs see the library javatuples when they run, not only the compiler; without it they fail as in the harness.',
    ),
  percent: z
    .boolean()
    .default(false)
    .describe('gsm8k: accept a hundredth and a hundredfold of the answer too.'),
  cache: z
    .boolean()
    .default(true)
    .describe('Keep what references return, and how long they take, for the next evaluation.'),
  workers: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe('Programs at one time; default: one more than cores.'),
  isolation: z
    .enum(['bubblewrap', 'none'])
    .default('bubblewrap')
    .describe('Walls around programs; none is for programs that you trust.'),
  python: z.string().optional().describe('Python interpreter; default python3.'),
})

export type EvalOptions = z.output<typeof evalOptionsSchema>
