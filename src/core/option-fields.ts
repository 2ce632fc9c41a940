import { z } from 'zod'

/** How the value of an option is written on a command line. */
export type OptionKind = 'boolean' | 'number' | 'string' | 'json'

/** One option of a stage, read from its zod schema. */
export interface OptionField {
  /** Name in recipes and in code, such as `maxRounds`. */
  key: string
  /** Name on the command line without dashes, such as `max-rounds`. */
  flag: string
  kind: OptionKind
  /** True when several values of `kind` may be given. */
  list: boolean
  required: boolean
  /** Undefined when there is none. */
  default: unknown
  choices: readonly string[]
  description: string
}

/** The options of a stage in the order of its schema; flags, forms and reference pages derive from it. */
export function describeOptions(schema: z.ZodObject): OptionField[] {
  const document = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  const required = new Set(document.required ?? [])
  return Object.entries(document.properties ?? {}).map(([key, property]) => ({
    key,
    flag: optionFlag(key),
    ...describeShape(property),
    required: required.has(key),
    default: property.default,
    description: property.description ?? '',
  }))
}

/** `maxRounds` as it stands on the command line: `max-rounds`. */
export function optionFlag(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

interface JsonSchema {
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  description?: string
}

type Shape = Pick<OptionField, 'kind' | 'list' | 'choices'>

function describeShape(schema: JsonSchema): Shape {
  const variants = schema.anyOf ?? [schema]
  const array = variants.find((variant) => variant.type === 'array')
  if (array !== undefined) {
    const item = describeShape(array.items ?? {})
    return { ...item, list: item.kind !== 'json' }
  }
  const kinds = new Set(variants.map(scalarKind).filter((kind) => kind !== 'null'))
  const kind = kinds.size === 1 ? ([...kinds][0] as OptionKind) : kinds.size > 1 ? 'json' : 'string'
  return { kind, list: false, choices: variants.flatMap(listChoices) }
}

function scalarKind(schema: JsonSchema): OptionKind | 'null' {
  const type = Array.isArray(schema.type)
    ? schema.type.find((name) => name !== 'null')
    : (schema.type ?? (schema.const === undefined ? undefined : typeof schema.const))
  if (type === 'null' || schema.const === null) return 'null'
  if (type === 'number' || type === 'integer') return 'number'
  if (type === 'boolean') return 'boolean'
  if (type === 'object' || type === undefined) return 'json'
  return 'string'
}

function listChoices(schema: JsonSchema): string[] {
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
  return values.filter((value) => value !== null).map(String)
}
