// Written by `npm run test:real -- --write`.
export const resultsFile = 'docs/support-results.json'

export interface SupportResult {
  /** As in docs/support.json. */
  readonly system: string
  readonly role: 'source' | 'sink' | 'journal' | 'login' | 'traces'
  readonly part?: string
  readonly server: string
  readonly version?: string
  readonly stand_in?: true
  readonly order?: 'by key' | 'as received' | 'as written'
  readonly tests_passed: number
  readonly proved_by: string
}

export const readResults = (text: string): readonly SupportResult[] => JSON.parse(text) as readonly SupportResult[]
