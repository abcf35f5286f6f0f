import { expect, it } from 'vitest'
import { checkRuns } from './check-runs.ts'
import { runs } from './operations.ts'
import { play } from './world.ts'

it(
  'whatever happens to the journal, what was accepted is read once, in order, and every row is accounted for',
  { timeout: 0 },
  async () => {
    const report = await checkRuns(runs, play, { test: 'test/model/journal.test.ts', runs: 300, limitMs: 10_000 })
    expect(report.failure).toBe('')
    expect(report.runs).toBeGreaterThan(0)
  },
)
