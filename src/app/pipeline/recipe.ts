import { readFile } from 'node:fs/promises'
import type { Document } from 'yaml'
import { z } from 'zod'
import { InputError, parseOptions } from '../../core/index.ts'

const stepSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, 'expected lower-case letters, digits and dashes')
    .describe('Name of the step; later steps name its output by it.'),
  uses: z.string().describe('Stage that the step runs.'),
  title: z.string().optional().describe('Name of the step in reports; default its id.'),
  with: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Options of the stage, named as in its schema.'),
})

/** A recipe: stages joined by their outputs. */
export const recipeSchema = z.strictObject({
  title: z.string().describe('Headline of the report.'),
  description: z.string().default('').describe('What the recipe is for.'),
  seed: z.int().optional().describe('Seed of every step that takes one and does not set its own.'),
  steps: z.array(stepSchema).min(1).describe('Steps in the order in which they run.'),
})

export type Recipe = z.output<typeof recipeSchema>
export type RecipeStep = z.output<typeof stepSchema>

/** A recipe and where its parts stand in the file. */
export interface RecipeFile {
  recipe: Recipe
  path: string
  /** ` in FILE, line N` for the node that the path leads to, or for its nearest ancestor. */
  placeOf(path: readonly PropertyKey[]): string
}

/** Reads a recipe file; `overrides` are `STEP.OPTION=VALUE` from the command line. */
export async function readRecipe(
  path: string,
  overrides: readonly string[] = [],
): Promise<RecipeFile> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new InputError(`cannot read the recipe ${path}: ${(cause as Error).message}`, {
      code: 'RC_FILE_UNREADABLE',
      cause,
    })
  })
  // Loaded here, because every command loads this file.
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const fault = document.errors[0]
  if (fault !== undefined) {
    throw new InputError(
      `the recipe ${path}, line ${lines.linePos(fault.pos[0]).line} is not YAML: ${fault.message.split('\n')[0]}`,
      { code: 'RC_BAD_RECIPE' },
    )
  }
  const placeOf = (where: readonly PropertyKey[]): string => {
    for (let length = where.length; length >= 0; length--) {
      const offset = offsetOf(document, where.slice(0, length))
      if (offset !== undefined) return ` in ${path}, line ${lines.linePos(offset).line}`
    }
    return ` in ${path}`
  }
  const recipe = parseOptions(recipeSchema, document.toJS() ?? {}, { placeOf })
  for (const override of overrides) applyOverride(recipe, override, parseDocument)
  return { recipe, path, placeOf }
}

interface KeyedNode {
  items?: { key?: { value?: unknown; range?: [number, number, number] | null } }[]
}

/** Start of the key (in a map) or of the item (in a list) that the path leads to. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  if (path.length === 0) return undefined
  const parent = (
    path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  ) as KeyedNode | undefined
  const pair = parent?.items?.find((item) => item.key?.value === path.at(-1))
  const node = pair?.key ?? (document.getIn(path, true) as { range?: [number, number, number] })
  return node?.range?.[0]
}

function applyOverride(recipe: Recipe, override: string, parse: (text: string) => Document): void {
  const match = /^([a-z][a-z0-9-]*)\.([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(override)
  if (match === null) {
    throw new InputError(`--set ${override}: expected STEP.OPTION=VALUE`, { code: 'RC_BAD_OPTION' })
  }
  const [, id, key, value] = match as unknown as [string, string, string, string]
  const step = recipe.steps.find((candidate) => candidate.id === id)
  if (step === undefined) {
    throw new InputError(`--set ${override}: the recipe has no step ${id}`, {
      code: 'RC_BAD_OPTION',
      hint: `Its steps are ${recipe.steps.map((candidate) => candidate.id).join(', ')}.`,
    })
  }
  const document = parse(value)
  const fault = document.errors[0]
  if (fault !== undefined) {
    throw new InputError(`--set ${override}: not YAML: ${fault.message.split('\n')[0]}`, {
      code: 'RC_BAD_OPTION',
      hint: 'Put text with special characters into quotes, such as STEP.OPTION=\'"[a"\'.',
    })
  }
  step.with[key] = document.toJS() as unknown
}
