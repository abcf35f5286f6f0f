import { expect, test } from 'vitest'
import { provesNothing } from '../kit/proof.ts'
import { sinkCases, type SinkCase, type SinkHarness } from './sink-cases.ts'
import waivers from './waivers.json' with { type: 'json' }

/** Runs each case or its waiver. A case without fault support and waiver fails. */
export function casesOf(name: string, harness: SinkHarness, run: (which: SinkCase) => Promise<void>): void {
  const selected = sinkCases(harness)
  const waiverOf = (which: SinkCase) => waivers.find((waiver) => waiver.name === name && waiver.case === which)
  for (const [which, { title }] of selected.filter(([one]) => waiverOf(one) === undefined)) {
    test(`it ${title}`, async () => {
      await expect(run(which)).resolves.toBeUndefined()
    })
  }
  for (const [which, { title, needs }] of selected.filter(([one]) => waiverOf(one) !== undefined)) {
    test(`it is waived: it ${title}`, async ({ task }) => {
      provesNothing(task.meta)
      expect(waiverOf(which)?.reason.length).toBeGreaterThan(30)
      const other = await harness.start()
      // A fault that the harness supports needs no waiver.
      expect(needs === undefined ? 'always possible' : other[needs]).toBeUndefined()
      await other.stop()
    })
  }
}
