export type { HubSettings } from './hub-settings.ts'
export { type ResolveContext, resolveModel } from './resolve-model.ts'
