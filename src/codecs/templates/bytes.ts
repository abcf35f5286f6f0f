/** Bytes by use; the sum is the received bytes. `parked` moves to `decoded` or `skipped`. */
export interface ByteCounts {
  /** Bytes of the headers of datagrams and sets. */
  header: number
  template: number
  decoded: number
  /** Set ends too short for a record. */
  padding: number
  /** Reserved sets, bytes after a message, refused templates, expired parked data. */
  skipped: number
  malformed: number
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
