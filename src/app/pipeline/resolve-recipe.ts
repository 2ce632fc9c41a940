import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { InputError, nearestName, parseOptions } from '../../core/index.ts'
import type { RecipeFile, RecipeStep } from './recipe.ts'
import { recipeStages } from './recipe-stages.ts'
import type { StageEntry } from './stage-table.ts'

/** A step whose options are checked and whose references are paths. */
export interface ResolvedStep {
  id: string
  title: string
  stage: StageEntry
  /** All options of the stage with their defaults. */
  options: Record<string, unknown>
  /** The same with `${…}` as written and without the output: equal on any machine. */
  symbolic: Record<string, unknown>
  /** Ids of the steps whose output it reads. */
  needs: string[]
  output: string
}

/** Keys that a run sets itself. */
const ownKeys = ['out', 'overwrite', 'resume']

const packageFolder = fileURLToPath(new URL('../../../', import.meta.url))

/** Checks all steps before any runs, and turns `${id}`, `${package}` and `${recipe}` into paths. */
export async function resolveRecipe(file: RecipeFile, runFolder: string): Promise<ResolvedStep[]> {
  const resolved: ResolvedStep[] = []
  for (const [index, step] of file.recipe.steps.entries()) {
    resolved.push(await resolveStep(file, step, index, runFolder, resolved))
  }
  return resolved
}

async function resolveStep(
  file: RecipeFile,
  step: RecipeStep,
  index: number,
  runFolder: string,
  earlier: readonly ResolvedStep[],
): Promise<ResolvedStep> {
  const placeOf = (path: readonly PropertyKey[]) =>
    `, step ${step.id}${file.placeOf(['steps', index, 'with', ...path])}`
  if (earlier.some(({ id }) => id === step.id) || step.id === 'package' || step.id === 'recipe') {
    throw new InputError(
      `the step name ${step.id} is taken${file.placeOf(['steps', index, 'id'])}`,
      { code: 'RC_BAD_RECIPE' },
    )
  }
  const stage = findStage(step.uses, file.placeOf(['steps', index, 'uses']))
  const schema = await stage.loadSchema()
  const given = withSeed(step.with, schema, file.recipe.seed)
  refuseOwnKeys(given, placeOf)
  const output = join(runFolder, `${step.id}${stage.outputEnding}`)

  const known = new Map([
    ['package', packageFolder.replace(/\/$/, '')],
    ['recipe', dirname(file.path)],
    ...earlier.map((one): [string, string] => [one.id, one.output]),
  ])
  const used = new Set<string>()
  const expanded = expandReferences(given, (name, path) => {
    const target = known.get(name)
    if (target === undefined) throw unknownReference(name, [...known.keys()], placeOf(path))
    used.add(name)
    return target
  }) as Record<string, unknown>
  const options = parseOptions(schema, { ...expanded, out: output }, { placeOf })
  return {
    id: step.id,
    title: step.title ?? step.id,
    stage,
    options,
    symbolic: withoutOwnKeys({ ...options, ...given }),
    needs: earlier.map(({ id }) => id).filter((id) => used.has(id)),
    output,
  }
}

function findStage(name: string, place: string): StageEntry {
  const stage = recipeStages.find((candidate) => candidate.name === name)
  if (stage !== undefined) return stage
  const names = recipeStages.map((candidate) => candidate.name)
  throw new InputError(`unknown stage ${name}${place}`, {
    code: 'RC_BAD_RECIPE',
    hint: `The nearest one is ${nearestName(name, names)}; known are ${names.join(', ')}.`,
  })
}

function withSeed(
  given: Record<string, unknown>,
  schema: z.ZodObject,
  seed: number | undefined,
): Record<string, unknown> {
  return seed === undefined || !('seed' in schema.shape) ? given : { seed, ...given }
}

function refuseOwnKeys(
  given: Record<string, unknown>,
  placeOf: (path: readonly PropertyKey[]) => string,
): void {
  const key = ownKeys.find((candidate) => candidate in given)
  if (key === undefined) return
  throw new InputError(`the option ${key} is set by the run itself${placeOf([key])}`, {
    code: 'RC_BAD_RECIPE',
    hint: 'Leave it out; later steps name the output by the id of this step.',
  })
}

function withoutOwnKeys(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !ownKeys.includes(key)))
}

/** Replaces `${name}` in every string of a value. */
function expandReferences(
  value: unknown,
  pathOf: (name: string, path: readonly PropertyKey[]) => string,
  path: readonly PropertyKey[] = [],
): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([^}]*)\}/g, (_, name: string) => pathOf(name.trim(), path))
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => expandReferences(item, pathOf, [...path, index]))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      expandReferences(item, pathOf, [...path, key]),
    ]),
  )
}

function unknownReference(name: string, known: readonly string[], place: string): InputError {
  return new InputError(`\${${name}} is no earlier step${place}`, {
    code: 'RC_BAD_RECIPE',
    hint: `The nearest name is ${nearestName(name, known)}.`,
  })
}
