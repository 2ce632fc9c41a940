/** Where and how models are fetched; the command line reads it from the environment. */
export interface HubSettings {
  /** Address of the hub, without a slash at its end. */
  readonly endpoint: string
  /** Sent to the hub only, never where it redirects to. */
  readonly token?: string
  /** Cache folder in the layout of huggingface_hub. */
  readonly cacheFolder: string
  /** Nothing is fetched; what the cache holds is used. */
  readonly offline: boolean
  /** Wait before a broken download goes on, doubled each time; default 500. */
  readonly retryDelayMs?: number
}
