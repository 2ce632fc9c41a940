import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { InputError } from './errors.ts'
import { describeOptions, optionFlag } from './option-fields.ts'
import { parseOptions } from './parse-options.ts'

const schema = z.strictObject({
  out: z.string().describe('Where to write.'),
  maxRounds: z.int().min(1).default(4).describe('Rounds at most.'),
  kind: z.enum(['fast', 'slow']).default('fast').describe('How.'),
  strategies: z
    .array(z.enum(['all', 'none']))
    .default(['all'])
    .describe('Which.'),
  overwrite: z.boolean().default(false).describe('Go over what is there.'),
  ratio: z.number().nullable().default(null).describe('Share.'),
  data: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Files.'),
  optimizer: z.strictObject({ rate: z.number().default(1).describe('Rate.') }).prefault({}),
})

function errorOf(values: unknown): InputError {
  try {
    parseOptions(schema, values, {
      nameOf: (key) => `--${optionFlag(key)}`,
      placeOf: (path) => ` at ${path.join('/')}`,
    })
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('the options were accepted')
}

describe('describeOptions', () => {
  it('reads name, kind, default and text of every option', () => {
    const fields = Object.fromEntries(describeOptions(schema).map((field) => [field.key, field]))
    expect(fields.out).toEqual({
      key: 'out',
      flag: 'out',
      kind: 'string',
      list: false,
      required: true,
      default: undefined,
      choices: [],
      description: 'Where to write.',
    })
    expect(fields.maxRounds).toMatchObject({ flag: 'max-rounds', kind: 'number', default: 4 })
    expect(fields.kind?.choices).toEqual(['fast', 'slow'])
    expect(fields.strategies).toMatchObject({ list: true, choices: ['all', 'none'] })
    expect(fields.ratio).toMatchObject({ kind: 'number', default: null, required: false })
    expect(fields.data).toMatchObject({ kind: 'string', list: true })
    expect(fields.optimizer).toMatchObject({ kind: 'json', list: false })
  })
})

describe('parseOptions', () => {
  it('fills in the defaults', () => {
    expect(parseOptions(schema, { out: 'x' })).toMatchObject({ maxRounds: 4, kind: 'fast' })
  })

  it('names the nearest known option for an unknown one', () => {
    const error = errorOf({ out: 'x', maxRound: 3 })
    expect(error.code).toBe('RC_UNKNOWN_OPTION')
    expect(error.message).toBe('unknown option --max-round at maxRound')
    expect(error.hint).toBe('The nearest one is --max-rounds.')
  })

  it('names the nearest known key of a nested object', () => {
    const error = errorOf({ out: 'x', optimizer: { rat: 3 } })
    expect(error.message).toContain('unknown option --optimizer.rat')
    expect(error.hint).toBe('The nearest one is --optimizer.rate.')
  })

  it('says which option is missing', () => {
    expect(errorOf({}).message).toBe('the option --out is required at ')
    expect(errorOf({}).code).toBe('RC_MISSING_OPTION')
  })

  it('says what was expected and what arrived', () => {
    const error = errorOf({ out: 'x', maxRounds: 0 })
    expect(error.code).toBe('RC_BAD_OPTION')
    expect(error.message).toBe(
      'the option --max-rounds: expected number to be >=1, got 0 at maxRounds',
    )
    expect(error.status).toBe(2)
  })
})
