import { InputError } from '../../core/index.ts'

/** A `config.json` and where it stands. */
export interface ConfigFile {
  readonly path: string
  readonly config: Readonly<Record<string, unknown>>
}

/** A field of a model's configuration with a value that cannot be run. */
export function badConfig(path: string, field: string, expected: string, got: unknown): InputError {
  const found = got === undefined ? 'nothing' : JSON.stringify(got)
  const file = path.endsWith('.gguf') ? path : `${path}/config.json`
  return new InputError(`${file}: ${field} should be ${expected}, got ${found}`, {
    code: 'RC_BAD_MODEL_CONFIG',
    hint: 'This engine does not run such a model; choose one of the supported architectures.',
  })
}
