/** A model on the hub. */
export interface HubReference {
  /** `organisation/name`. */
  readonly repository: string
  /** Branch, tag or commit. */
  readonly revision: string
  /** A GGUF file of the repository. */
  readonly file?: string
}

/**
 * Reads `org/name`, `org/name:file.gguf`, each with `@revision` at its end or not.
 *
 * @returns `undefined` for what can only be a path
 */
export function parseHubReference(text: string): HubReference | undefined {
  const match =
    /^(?<repository>[\w-][\w.-]*\/[\w-][\w.-]*?)(?::(?<file>[\w-][\w./-]*\.gguf))?(?:@(?<revision>[\w-][\w./-]*))?$/.exec(
      text,
    )
  const { repository, file, revision = 'main' } = match?.groups ?? {}
  if (repository === undefined || `${file}/${revision}/`.includes('../')) return undefined
  if (repository.endsWith('.gguf')) return undefined
  return { repository, revision, ...(file === undefined ? {} : { file }) }
}

/** As it is written on the command line. */
export function renderHubReference({ repository, file, revision }: HubReference): string {
  const part = file === undefined ? '' : `:${file}`
  return `${repository}${part}${revision === 'main' ? '' : `@${revision}`}`
}
