/** `weir-collector/conformance`: the suites for connectors in packages, in `node:test` or Vitest. */
import { runSinkCase, sinkCases, type SinkCase, type SinkHarness } from './sink-cases.ts'
import { runSourceCase, sourceCases, type SourceHarness } from './source-cases.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import type { NewUnit } from './test-journal.ts'

export { testContext } from './batches.ts'
export type { OtherSide, SinkCase, SinkHarness } from './sink-cases.ts'
export { keyOf, type Answer, type SourceCase, type SourceHarness, type SourceSide } from './source-cases.ts'
export type { NewUnit } from './test-journal.ts'

/** Functions of the test runner. */
export type Runner = Readonly<{
  describe: (name: string, body: () => void) => unknown
  test: (name: string, body: () => Promise<void>) => unknown
}>

/** Why the server cannot show a fault, by case. */
export type Waivers = Partial<Readonly<Record<SinkCase, string>>>

/** What every sink must do. Defines a test for each case; a waived case states its reason in the name. */
export function sinkConformance(name: string, harness: SinkHarness, runner: Runner, waivers: Waivers = {}): void {
  runner.describe(`${name} sink`, () => {
    for (const [which, { title, needs }] of sinkCases(harness)) {
      const reason = waivers[which]
      if (reason === undefined) {
        runner.test(`it ${title}`, () => runSinkCase(harness, which))
        continue
      }
      runner.test(`it is waived, because ${reason}: it ${title}`, async () => {
        const other = await harness.start()
        await other.stop()
        if (needs !== undefined && other[needs] !== undefined)
          throw new Error(`the harness has ${needs}: remove the waiver of ${which}`)
      })
    }
  })
}

/** What every source must do. Defines a test for each case. */
export function sourceConformance(name: string, harness: SourceHarness, runner: Runner): void {
  runner.describe(`${name} source`, () => {
    for (const [which, title] of sourceCases(harness)) runner.test(`it ${title}`, () => runSourceCase(harness, which))
  })
}

/** The events of a unit that a source appended. */
export function eventsIn({ kind, raw }: NewUnit): readonly WeirEvent[] {
  if (kind !== 'events') return []
  const batch = decodeBatch(kind, raw)
  return batch.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventAt(batch, row)) : []
}
