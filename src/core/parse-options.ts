import type { z } from 'zod'
import { InputError } from './errors.ts'
import { nearestName } from './nearest-name.ts'

/** How messages call an option and where they say it stands. */
export interface OptionOrigin {
  /** The option as the user writes it; default the key itself. */
  nameOf?: (key: string) => string
  /** Where it stands, such as ` in recipe.yaml, line 7`; default nothing. `path` leads to the value. */
  placeOf?: (path: readonly PropertyKey[]) => string
}

/**
 * Checks options once, at the edge, and fills in the defaults.
 *
 * @throws `RC_UNKNOWN_OPTION` naming the nearest known one, `RC_MISSING_OPTION` or `RC_BAD_OPTION`.
 */
export function parseOptions<Schema extends z.ZodObject>(
  schema: Schema,
  values: unknown,
  origin: OptionOrigin = {},
): z.output<Schema> {
  const parsed = schema.safeParse(values)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys')
  throw explainIssue(unknown ?? (issues[0] as z.core.$ZodIssue), schema, values, origin)
}

function explainIssue(
  issue: z.core.$ZodIssue,
  schema: z.ZodObject,
  values: unknown,
  origin: OptionOrigin,
): InputError {
  const nameOf = origin.nameOf ?? ((key: string) => key)
  const nameOfPath = (path: readonly PropertyKey[]) =>
    [nameOf(String(path[0])), ...path.slice(1).map(String)].join('.')
  const place = (path: readonly PropertyKey[]) => origin.placeOf?.(path) ?? ''

  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] as string]
    return unknownOption(nameOfPath(path), knownKeys(schema, issue.path, nameOf), place(path))
  }
  if (issue.path.length === 0) {
    return new InputError(`${issue.message}${place([])}`, { code: 'RC_BAD_OPTION' })
  }
  const name = nameOfPath(issue.path)
  const value = valueAt(values, issue.path)
  if (value === undefined) {
    return new InputError(`the option ${name} is required${place(issue.path.slice(0, -1))}`, {
      code: 'RC_MISSING_OPTION',
      hint: `Give ${name}.`,
    })
  }
  const message = issue.message.replace(/^(Invalid input|Invalid option|Too \w+): /, '')
  return new InputError(
    `the option ${name}: ${message}, got ${JSON.stringify(value)}${place(issue.path)}`,
    { code: 'RC_BAD_OPTION' },
  )
}

/** The error for an option that does not exist. */
export function unknownOption(name: string, known: readonly string[], place = ''): InputError {
  const nearest = nearestName(name, known)
  return new InputError(`unknown option ${name}${place}`, {
    code: 'RC_UNKNOWN_OPTION',
    hint: nearest === undefined ? 'No options are known here.' : `The nearest one is ${nearest}.`,
  })
}

/** Known keys of the object that `path` leads to, as the user writes them. */
function knownKeys(
  schema: z.ZodObject,
  path: readonly PropertyKey[],
  nameOf: (key: string) => string,
): string[] {
  if (path.length === 0) return Object.keys(schema.shape).map(nameOf)
  let inner: z.core.$ZodType = schema
  for (const key of path) {
    inner = unwrap(inner)
    const shape = (inner as Partial<z.ZodObject>).shape
    const element = (inner as Partial<z.ZodArray>).element
    const next = typeof key === 'number' ? element : shape?.[String(key)]
    if (next === undefined) return []
    inner = next
  }
  const shape = (unwrap(inner) as Partial<z.ZodObject>).shape ?? {}
  const prefix = [nameOf(String(path[0])), ...path.slice(1).map(String)].join('.')
  return Object.keys(shape).map((key) => `${prefix}.${key}`)
}

/** The schema below `.default`, `.optional` and their like. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema
  for (;;) {
    const next = (inner._zod.def as { innerType?: z.core.$ZodType }).innerType
    if (next === undefined) return inner
    inner = next
  }
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    values,
  )
}
