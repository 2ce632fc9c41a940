import type { Progress } from '../../core/index.ts'
import { type HubSettings, readBaseModel, resolveModel } from '../../nn/hub/index.ts'

/**
 * Options of a stage with the local path of their `model`, which may be the id of a model on the
 * hub. Where a stage takes an adapter beside its model, the model may also be the folder of an
 * adapter, which names the model that it belongs to.
 */
export async function findModel<Options>(
  given: Options,
  {
    hub,
    progress,
    signal,
    adapters = false,
  }: { hub?: HubSettings; progress?: Progress; signal?: AbortSignal; adapters?: boolean },
): Promise<Options> {
  const options = adapters ? await partAdapter(given) : given
  const { model } = options as { model?: unknown }
  if (hub === undefined || typeof model !== 'string') return options
  const context = { ...(progress ? { progress } : {}), ...(signal ? { signal } : {}) }
  return { ...options, model: await resolveModel(model, hub, context) }
}

/** Puts the model that an adapter names in its place, and the adapter beside it. */
async function partAdapter<Options>(options: Options): Promise<Options> {
  const { model, adapter } = options as { model?: unknown; adapter?: unknown }
  if (typeof model !== 'string' || adapter !== undefined) return options
  const base = await readBaseModel(model)
  return base === undefined ? options : { ...options, model: base, adapter: model }
}
