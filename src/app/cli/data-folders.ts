import { homedir } from 'node:os'
import { join } from 'node:path'

/** Environment variable that names the folder of benchmark files. */
export const dataFolderVariable = 'REFLECTIONCODER_DATA'

/** Where files of benchmarks are looked for: the folder of the environment, then the cache. */
export function listDataFolders(environment: NodeJS.ProcessEnv): string[] {
  const named = environment[dataFolderVariable]
  const cache = join(findCacheFolder(environment), 'data')
  return named === undefined || named === '' ? [cache] : [named, cache]
}

/** `reflectioncoder` in the user's cache (XDG base directories). */
export function findCacheFolder(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'reflectioncoder')
}
