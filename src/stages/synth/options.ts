import { z } from 'zod'
import { languages } from './languages.ts'

const price = z.number().min(0).default(0)

/** Options of `synth`. */
export const synthOptionsSchema = z.strictObject({
  instructions: z
    .string()
    .min(1)
    .describe(
      'Instruction file (JSONL, JSON array, Parquet, text; .gz, .zst); for the scripted teacher one that `data katas` wrote.',
    ),
  teacher: z
    .string()
    .regex(/^(?:scripted$|(?:endpoint|recorded|native|completions):.)/, {
      error: 'expected scripted, endpoint:MODEL, recorded:FILE, native:FOLDER or completions:MODEL',
    })
    .default('scripted')
    .describe(
      'Who writes the dialogs: scripted, endpoint:MODEL, recorded:FILE, native:FOLDER or completions:MODEL.',
    ),
  out: z.string().min(1).describe('File for the dialogs, one a line (.jsonl).'),

  baseUrl: z
    .string()
    .optional()
    .describe(
      'Address of a compatible server, such as http://localhost:8000/v1; default OPENAI_BASE_URL.',
    ),
  apiVersion: z
    .string()
    .optional()
    .describe('Version of an Azure endpoint; with it the base URL is the one of the resource.'),
  apiKeyEnv: z
    .string()
    .default('OPENAI_API_KEY')
    .describe('Environment variable that holds the key.'),
  protocol: z
    .enum(['fences', 'tools'])
    .default('fences')
    .describe('How an endpoint hands over programs: in fenced blocks, or as tool calls.'),
  stream: z.boolean().default(true).describe('Whether replies are streamed.'),
  concurrency: z
    .int()
    .positive()
    .max(4096)
    .optional()
    .describe('Calls in flight at most; default 2 for the scripted teacher, else 16.'),
  maxRetries: z.int().min(0).default(8).describe('Attempts after a passing fault of a call.'),
  timeoutMs: z.int().positive().default(600_000).describe('Time of a call at most, milliseconds.'),
  stallTimeoutMs: z
    .int()
    .positive()
    .default(60_000)
    .describe(
      'Silence of a stream after which a call is made again, milliseconds; less once the server is known. Replies that are not streamed have timeoutMs.',
    ),

  language: z.enum(languages).default('python').describe('Language of the programs.'),
  domain: z
    .enum(['code', 'math'])
    .default('code')
    .describe('code: functions with tests; math: word problems whose printed answer is checked.'),
  prompts: z
    .string()
    .optional()
    .describe(
      'Folder of prompt files, or a shipped set: code, program, math, kata; default by domain and language.',
    ),
  maxRounds: z.int().min(1).max(16).default(4).describe('Programs a reflection may run at most.'),
  temperature: z.number().min(0).max(2).default(0.7).describe('Sampling temperature.'),
  topP: z.number().gt(0).max(1).default(1).describe('Share of probability that is drawn from.'),
  maxTokens: z.int().positive().default(2048).describe('Tokens of a reply at most.'),
  answerTemperature: z
    .number()
    .min(0)
    .max(2)
    .optional()
    .describe('Temperature of the final answer; default that of the reflection.'),
  answerTopP: z.number().gt(0).max(1).optional().describe('Like topP, of the final answer.'),
  answerMaxTokens: z.int().positive().optional().describe('Like maxTokens, of the final answer.'),
  cellCpuMs: z.int().positive().default(1000).describe('CPU time of one program, in milliseconds.'),
  outputCharacters: z
    .int()
    .min(64)
    .default(4000)
    .describe('Characters of an output that are shown; the middle of a longer one is left out.'),
  rightAtOnce: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Share of scripted dialogs whose first attempt has no fault.'),
  testsShown: z.int().min(1).default(3).describe('Assertions that a scripted reflection runs.'),

  checkTests: z
    .boolean()
    .default(true)
    .describe('Drop samples whose tests accept a stub or every mutant of the answer.'),
  maxCharacters: z.int().positive().default(60_000).describe('Characters of a dialog at most.'),
  scripts: z
    .array(z.string().regex(/^[A-Z][A-Za-z_]*$/, 'expected the name of a Unicode script'))
    .default([])
    .describe('Scripts that the prose may be in, such as Latin; default any.'),
  keepSecrets: z
    .boolean()
    .default(false)
    .describe('Keep samples that seem to hold keys, addresses or numbers of people.'),
  nearDuplicates: z
    .number()
    .min(0.5)
    .max(1)
    .optional()
    .describe(
      'Similarity from which a sample counts as a near-duplicate, 1 for none; default 0.7, and 1 for the scripted teacher, whose katas all differ.',
    ),
  decontaminate: z
    .array(z.string())
    .default([])
    .describe('Benchmarks (names or problem files) whose tasks must not be in the output.'),
  data: z.string().optional().describe('Folder that holds the files of benchmarks given by name.'),
  gram: z
    .int()
    .min(3)
    .default(10)
    .describe('Words in a row that, shared with a benchmark, are contamination.'),
  keepDropped: z
    .boolean()
    .default(false)
    .describe('Write dropped samples with their reasons beside the output.'),
  record: z
    .string()
    .optional()
    .describe('File for all replies as they came; `recorded:FILE` replays it.'),

  format: z
    .enum(['codefeedback', 'alpaca', 'chat', 'sharegpt', 'plain'])
    .optional()
    .describe('Format of the instructions; default by the keys of each record.'),
  instructionColumn: z.string().optional().describe('Column that holds the instruction.'),
  idColumn: z.string().optional().describe('Column that holds the id.'),
  answerColumn: z.string().optional().describe('Column that holds an answer.'),
  testsColumn: z.string().optional().describe('Column that holds tests.'),
  skipBroken: z
    .boolean()
    .default(false)
    .describe('Pass over lines that hold no instruction instead of refusing the file.'),
  limit: z.int().positive().optional().describe('Only this many instructions; default all.'),

  inputPrice: price.describe('Price of a million tokens that are read.'),
  outputPrice: price.describe('Price of a million tokens that are written.'),
  maxCost: z.number().positive().optional().describe('Money to spend at most, by these prices.'),
  maxTokensTotal: z.int().positive().optional().describe('Tokens to spend at most.'),
  cache: z
    .string()
    .optional()
    .describe(
      'Folder of replies and outputs that are not asked for twice; default beside the output.',
    ),
  queue: z
    .string()
    .optional()
    .describe(
      'Redis server through which `reflectioncoder worker` takes the instructions, such as redis://localhost:6379; default: this process does the work.',
    ),
  seed: z.int().default(3407).describe('Seed of all choices.'),
  overwrite: z.boolean().default(false).describe('Replace an existing output.'),
  resume: z.boolean().default(false).describe('Go on with an interrupted run.'),
})

export type SynthOptions = z.output<typeof synthOptionsSchema>

export { type WorkerOptions, workerOptionsSchema } from './queue/worker-options.ts'
