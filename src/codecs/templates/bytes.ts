/**
 * Where every byte that was received went. Sum of all = bytes received; `parked` may fall again, when a template
 * comes (to `decoded`) or does not come in time (to `skipped`).
 */
export interface ByteCounts {
  /** Headers of datagrams and of sets. */
  header: number
  /** Template and options template records. */
  template: number
  /** Data records: flows and options. */
  decoded: number
  /** Ends of sets that are too short for a record. */
  padding: number
  /** Left out knowingly: reserved sets, excess behind a message, templates beyond the bounds, what was parked in vain. */
  skipped: number
  malformed: number
  /** Data that waits for its template now. */
  parked: number
}

export const byteClasses = [
  'header',
  'template',
  'decoded',
  'padding',
  'skipped',
  'malformed',
  'parked',
] as const satisfies readonly (keyof ByteCounts)[]

export const noBytes = (): ByteCounts => ({
  header: 0,
  template: 0,
  decoded: 0,
  padding: 0,
  skipped: 0,
  malformed: 0,
  parked: 0,
})
