import { missingTensor } from '../read-safetensors.ts'
import type { ModelSource, StoredTensor } from '../source-tensors.ts'
import { renderGgufConfig } from './gguf-config.ts'
import { huggingFaceName, isRotated, rotatedRow } from './gguf-names.ts'
import type { GgufTensor } from './parse-gguf.ts'
import { type GgufFile, openGguf } from './read-gguf.ts'

/** Holds no parameter but the rotary scaling of Llama 3, which goes to the configuration. */
const ropeFactorTensor = 'rope_freqs.weight'

/** Opens a GGUF file as a model: Hugging Face names, shapes, order of rows and configuration. */
export async function openGgufModel(path: string): Promise<ModelSource> {
  const file = await openGguf(path)
  try {
    const config = await readConfig(file)
    const isLlama = config.model_type === 'llama'
    const headSize = isLlama ? (config.head_dim as number) : 0
    const homes = new Map<string, { name: string; tensor: GgufTensor }>()
    for (const [name, tensor] of file.tensors) {
      if (name !== ropeFactorTensor) homes.set(huggingFaceName(name), { name, tensor })
    }
    const tensors = new Map<string, StoredTensor>()
    for (const [name, { tensor }] of homes) {
      tensors.set(name, { dtype: tensor.type.name, shape: tensor.shape })
    }
    return {
      path,
      config,
      tensors,
      fileOf: () => path,
      async readFloat32(name, given) {
        const home = homes.get(name)
        if (home === undefined) throw missingTensor(path, name, tensors)
        const target = given ?? new Float32Array(countElements(home.tensor))
        // A bias is one row of the file, so its elements are put in order afterwards.
        const rotated = isLlama && isRotated(home.name)
        const matrix = home.tensor.shape.length > 1
        const rowOf = rotated && matrix ? (row: number) => rotatedRow(row, headSize) : undefined
        await file.readInto(home.tensor, target, rowOf)
        if (!rotated || matrix) return target
        const stored = target.slice()
        stored.forEach((value, row) => {
          target[rotatedRow(row, headSize)] = value
        })
        return target
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The configuration of the model in a GGUF file. */
export async function readGgufConfig(path: string): Promise<Record<string, unknown>> {
  const file = await openGguf(path)
  try {
    return await readConfig(file)
  } finally {
    await file.close()
  }
}

async function readConfig(file: GgufFile): Promise<Record<string, unknown>> {
  const tensor = file.tensors.get(ropeFactorTensor)
  if (tensor === undefined) return renderGgufConfig(file.path, file.metadata, file.tensors)
  const factors = new Float32Array(countElements(tensor))
  await file.readInto(tensor, factors)
  return renderGgufConfig(file.path, file.metadata, file.tensors, factors)
}

const countElements = ({ shape }: GgufTensor) => shape.reduce((product, size) => product * size, 1)
