import { createRandom } from '../../core/index.ts'
import { type DecoderConfig, parseDecoderConfig } from './decoder-config.ts'
import { type Model, type Parameters, parameterShapes } from './parameters.ts'

/**
 * A model with random weights: normal with deviation 0.02, the projections that write to the
 * residual stream divided by sqrt(2 · layers) (Radford et al. 2019), norms 1, biases 0.
 *
 * @param rawConfig `config.json` of the model
 */
export function initialiseModel(rawConfig: Readonly<Record<string, unknown>>, seed: number): Model {
  const config = parseDecoderConfig(rawConfig, 'the new model')
  const parameters: Parameters = new Map()
  for (const [name, shape] of parameterShapes(config)) {
    const length = shape.reduce((product, size) => product * size, 1)
    parameters.set(name, { shape, data: initialValues(name, length, config, seed) })
  }
  return { config, rawConfig, parameters }
}

function initialValues(
  name: string,
  length: number,
  { layers }: DecoderConfig,
  seed: number,
): Float32Array {
  if (name.endsWith('.bias')) return new Float32Array(length)
  if (name.includes('norm')) return new Float32Array(length).fill(1)
  const random = createRandom(seed, 'initial-weights', name)
  const writesResidual = name.includes('o_proj') || name.includes('down_proj')
  const deviation = writesResidual ? 0.02 / Math.sqrt(2 * layers) : 0.02
  return Float32Array.from({ length }, () => deviation * random.normal())
}
