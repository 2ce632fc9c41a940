/** What one look at the machine found. */
export interface DoctorCheck {
  name: string
  /** `missing` stops the main job; `optional` stops something that not everybody needs. */
  state: 'ok' | 'missing' | 'optional'
  found: string
  /** What to type or do when it is not `ok`. */
  remedy?: string
}
