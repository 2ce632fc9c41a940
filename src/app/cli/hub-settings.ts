import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { HubSettings } from '../../nn/hub/index.ts'

/**
 * Reads how models are fetched from the variables of huggingface_hub: `HF_HOME`, `HF_HUB_CACHE`,
 * `HF_ENDPOINT`, `HF_TOKEN` (else the token that its login keeps) and `HF_HUB_OFFLINE`.
 */
export function readHubSettings(environment: NodeJS.ProcessEnv): HubSettings {
  const caches = environment.XDG_CACHE_HOME || join(homedir(), '.cache')
  const home = expandHome(environment.HF_HOME || join(caches, 'huggingface'))
  const cache = environment.HF_HUB_CACHE || environment.HUGGINGFACE_HUB_CACHE || join(home, 'hub')
  const token = environment.HF_TOKEN || readToken(environment.HF_TOKEN_PATH || join(home, 'token'))
  return {
    endpoint: (environment.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cacheFolder: expandHome(cache),
    offline: isOn(environment.HF_HUB_OFFLINE) || isOn(environment.TRANSFORMERS_OFFLINE),
    ...(token ? { token: token.trim() } : {}),
  }
}

const expandHome = (path: string) => path.replace(/^~(?=\/|$)/, homedir())

const isOn = (value = '') => ['1', 'on', 'yes', 'true'].includes(value.toLowerCase())

function readToken(path: string): string {
  try {
    return readFileSync(expandHome(path), 'utf8')
  } catch {
    return ''
  }
}
