// Written by `npm run test:real -- --write`.
export const resultsFile = 'docs/support-results.json'

export type SupportResult = Readonly<{
  system: string
  role: 'source' | 'sink' | 'journal' | 'login' | 'traces'
  part?: string
  server: string
  version?: string
  stand_in?: true
  order?: 'by key' | 'as received' | 'as written'
  tests_passed: number
  proved_by: string
}>

export const readResults = (text: string): readonly SupportResult[] => JSON.parse(text) as readonly SupportResult[]
