import { InputError } from '../../core/index.ts'

/** A safetensors file that breaks its format; the message names file, tensor, expected and got. */
export function badSafetensors(path: string, problem: string, cause?: unknown): InputError {
  return new InputError(`${path} is not a sound safetensors file: ${problem}`, {
    code: 'RC_BAD_SAFETENSORS',
    hint: 'The file is damaged or was not copied whole; fetch it again.',
    cause,
  })
}

/** A model folder that lacks something or contradicts itself. */
export function badModelFolder(message: string, hint: string, cause?: unknown): InputError {
  return new InputError(message, { code: 'RC_BAD_MODEL_FOLDER', hint, cause })
}
