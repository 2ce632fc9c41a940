import { lstat, mkdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { writeFileAtomic } from '../../core/index.ts'
import type { HubReference } from './model-reference.ts'

/** The cache of one repository, laid out as huggingface_hub does: blobs, refs, snapshots. */
export interface RepositoryCache {
  /** Commit that a branch or tag had when it was last asked for. */
  readReference(revision: string): Promise<string | undefined>
  writeReference(revision: string, commit: string): Promise<void>
  /** Folder of a commit's files, each a link to a blob. */
  snapshotPath(commit: string): string
  /** File of a content, by its checksum. */
  blobPath(checksum: string): string
  /** Shows a blob under its name in the snapshot of a commit. */
  link(commit: string, file: string, checksum: string): Promise<void>
  /** Folder that one process at a time may hold while it downloads. */
  readonly lockPath: string
}

export function openRepositoryCache(
  cacheFolder: string,
  { repository }: HubReference,
): RepositoryCache {
  const name = `models--${repository.replace('/', '--')}`
  const root = join(cacheFolder, name)
  const snapshotPath = (commit: string) => join(root, 'snapshots', commit)
  const blobPath = (checksum: string) => join(root, 'blobs', checksum)
  return {
    snapshotPath,
    blobPath,
    lockPath: join(cacheFolder, '.locks', name, 'reflectioncoder'),
    async readReference(revision) {
      const text = await readFile(join(root, 'refs', revision), 'utf8').catch(() => undefined)
      if (text !== undefined) return text.trim()
      return (await isFolder(snapshotPath(revision))) ? revision : undefined
    },
    async writeReference(revision, commit) {
      if (revision !== commit) await writeFileAtomic(join(root, 'refs', revision), commit)
    },
    async link(commit, file, checksum) {
      const path = join(snapshotPath(commit), file)
      const target = relative(dirname(path), blobPath(checksum))
      if ((await readlink(path).catch(() => undefined)) === target) return
      await mkdir(dirname(path), { recursive: true })
      if (await lstat(path).catch(() => undefined)) await rm(path)
      await symlink(target, path)
    },
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
