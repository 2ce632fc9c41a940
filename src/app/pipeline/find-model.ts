import type { Progress } from '../../core/index.ts'
import { type HubSettings, resolveModel } from '../../nn/hub/index.ts'

/**
 * Options of a stage with the local path of their `model`, which may be the id of a model on the
 * hub.
 */
export async function findModel<Options>(
  options: Options,
  { hub, progress, signal }: { hub?: HubSettings; progress?: Progress; signal?: AbortSignal },
): Promise<Options> {
  const { model } = options as { model?: unknown }
  if (hub === undefined || typeof model !== 'string') return options
  const context = { ...(progress ? { progress } : {}), ...(signal ? { signal } : {}) }
  return { ...options, model: await resolveModel(model, hub, context) }
}
