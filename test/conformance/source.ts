import { describe, expect, test } from 'vitest'
import { measured, proves, type Against } from '../kit/proof.ts'
import { runSourceCase, sourceCases, type SourceHarness } from './source-cases.ts'

export * from './source-cases.ts'

/** What every source must do, with a real client and a test journal. */
export function sourceConformance(name: string, harness: SourceHarness, against: Against): void {
  describe(`${name} source`, () => {
    proves('source', against)
    for (const [which, title] of sourceCases(harness))
      test(`it ${title}`, async () => {
        await expect(runSourceCase(harness, which, undefined, measured)).resolves.toBeUndefined()
      })
  })
}
