/**
 * Bytes by their use. The sum is the received bytes. `parked` decreases when a template arrives (to `decoded`) or its
 * wait ends (to `skipped`).
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
  /** Skipped: reserved sets, bytes after a message, templates beyond the limits, expired parked data. */
  skipped: number
  malformed: number
  /** Data that waits for its template. */
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
