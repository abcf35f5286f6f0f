// Proven results of tests, written by `npm run test:real -- --write` only.
export const resultsFile = 'docs/support-results.json'

export interface SupportResult {
  /** As docs/support.json calls it. */
  readonly system: string
  readonly role: 'source' | 'sink' | 'journal' | 'login' | 'traces'
  /** The part of the system that was tried, such as `FIFO queues`. */
  readonly part?: string
  /** Name of the server or program. */
  readonly server: string
  /** As reported by the server. */
  readonly version?: string
  readonly stand_in?: true
  /** What a test has seen to be kept. */
  readonly order?: 'by key' | 'as received' | 'as written'
  readonly tests_passed: number
  /** The test file. */
  readonly proved_by: string
}

export const readResults = (text: string): readonly SupportResult[] => JSON.parse(text) as readonly SupportResult[]
