import { access } from 'node:fs/promises'

/** Whether there is a file or folder at a path that this process may reach. */
export function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
