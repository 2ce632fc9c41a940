import { type Command, Option } from 'commander'
import { describeOptions, InputError, type OptionField } from '../../core/index.ts'
import type { CommandEntry, LoadedCommand } from './command.ts'

/** Adds the flags of a schema to a command; options given by place become its arguments. */
export function addOptionFlags(
  command: Command,
  entry: CommandEntry,
  loaded: LoadedCommand,
): OptionField[] {
  const fields = describeOptions(loaded.schema)
  for (const key of entry.positional ?? []) {
    const field = fields.find((candidate) => candidate.key === key)
    if (field === undefined) throw new Error(`${entry.name} has no option ${key}`)
    const name = `${field.flag}${field.list ? '...' : ''}`
    command.argument(field.required ? `<${name}>` : `[${name}]`, field.description)
  }
  for (const field of fields) {
    if (entry.positional?.includes(field.key)) continue
    for (const option of createFlags(field)) command.addOption(option)
  }
  return fields
}

/** What was typed, under the keys of the schema. */
export function collectOptionValues(
  command: Command,
  entry: CommandEntry,
  fields: readonly OptionField[],
): Record<string, unknown> {
  const typed = command.opts<Record<string, unknown>>()
  const values: Record<string, unknown> = {}
  for (const field of fields) {
    const place = entry.positional?.indexOf(field.key) ?? -1
    const raw =
      place >= 0
        ? command.processedArgs[place]
        : typed[new Option(`--${field.flag}`).attributeName()]
    if (raw !== undefined) values[field.key] = convertRaw(field, raw)
  }
  return values
}

function createFlags(field: OptionField): Option[] {
  const text = describe(field)
  if (field.kind === 'boolean' && !field.list) {
    const off = new Option(`--no-${field.flag}`, `Turn off: ${text}`)
    const on = new Option(`--${field.flag}`, text)
    return field.default === true ? [off, on.hideHelp()] : [on, off.hideHelp()]
  }
  const value = field.kind === 'json' ? 'json' : field.kind === 'number' ? 'number' : 'value'
  return [new Option(`--${field.flag} <${value}${field.list ? '...' : ''}>`, text)]
}

function describe(field: OptionField): string {
  const notes: string[] = []
  if (field.choices.length > 0) notes.push(field.choices.join(', '))
  if (field.required) notes.push('required')
  if (field.default !== undefined && field.default !== null && field.default !== false) {
    notes.push(`default ${JSON.stringify(field.default)}`)
  }
  return notes.length === 0 ? field.description : `${field.description} (${notes.join('; ')})`
}

function convertRaw(field: OptionField, raw: unknown): unknown {
  if (field.list) {
    const items = (raw as string[]).flatMap((item) =>
      field.kind === 'number' || field.choices.length > 0 ? item.split(',') : [item],
    )
    return items.map((item) => convertScalar(field, item))
  }
  return typeof raw === 'string' ? convertScalar(field, raw) : raw
}

function convertScalar(field: OptionField, text: string): unknown {
  if (field.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (field.kind === 'number') {
    const value = Number(text)
    return text.trim() === '' || Number.isNaN(value) ? text : value
  }
  if (field.kind !== 'json') return text
  try {
    return JSON.parse(text)
  } catch (cause) {
    // A bare word is a fair way to write a string where several types may stand.
    if (/^[^[{"]/.test(text)) return text
    throw new InputError(`the option --${field.flag}: expected JSON, got ${text}`, {
      code: 'RC_BAD_OPTION',
      cause,
    })
  }
}
