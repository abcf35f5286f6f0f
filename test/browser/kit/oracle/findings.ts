import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import type { Sql } from './sums.ts'
import type { View } from './views.ts'

export interface Case {
  readonly page: Page
  readonly url: string
  readonly sql: Sql
  readonly view: View
  readonly findings: Findings
}

/** Figures compared, and each difference. */
export class Findings {
  compared = 0
  readonly differences: string[] = []

  equal(what: string, shown: unknown, wanted: unknown): void {
    this.compared += Array.isArray(wanted) ? wanted.length : 1
    if (!isDeepStrictEqual(shown, wanted)) this.differences.push(`${what}: ${differing(shown, wanted)}`)
  }
}

/** The first differing elements. */
function differing(shown: unknown, wanted: unknown): string {
  if (!Array.isArray(shown) || !Array.isArray(wanted) || shown.length !== wanted.length)
    return `shown ${JSON.stringify(shown)?.slice(0, 600)}, SQL ${JSON.stringify(wanted)?.slice(0, 600)}`
  const at = shown.findIndex((each, index) => !isDeepStrictEqual(each, wanted[index]))
  return `at ${at} of ${shown.length}: shown ${JSON.stringify(shown[at])}, SQL ${JSON.stringify(wanted[at])}`
}

export function addressOf({ url, view }: Case, more: Readonly<Record<string, string>>): string {
  return `${url}/flows?${new URLSearchParams({ ...view.address, ...more }).toString()}`
}
