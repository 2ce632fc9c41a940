export type { HubSettings } from './hub-settings.ts'
export { readBaseModel } from './read-base-model.ts'
export { type ResolveContext, resolveModel } from './resolve-model.ts'
