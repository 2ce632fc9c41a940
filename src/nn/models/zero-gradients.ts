import type { Parameters } from './parameters.ts'

/** A table of zeros with the names and shapes of the parameters, to sum gradients in. */
export function zeroGradients(parameters: Parameters): Parameters {
  return new Map(
    [...parameters].map(([name, { data, shape }]) => [
      name,
      { data: new Float32Array(data.length), shape },
    ]),
  )
}
