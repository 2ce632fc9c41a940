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

/** A GGUF file that breaks its format or holds what is not read; `problem` goes on after the path. */
export function badGguf(
  path: string,
  problem: string,
  hint = 'The file is damaged or was not copied whole; fetch it again.',
): InputError {
  return new InputError(`${path} cannot be used as a GGUF model: ${problem}`, {
    code: 'RC_BAD_GGUF',
    hint,
  })
}

/** A weights file that cannot be opened. */
export function unreadableWeights(path: string, cause: unknown): InputError {
  return new InputError(`cannot read the weights file ${path}: ${(cause as Error).message}`, {
    code: 'RC_WEIGHTS_UNREADABLE',
    hint: 'Check the path and that you may read the file.',
    cause,
  })
}
