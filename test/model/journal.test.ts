import { expect, it } from 'vitest'
import { drawnSize } from '../kit/seeds.ts'
import { checkRuns } from './check-runs.ts'
import { runs } from './operations.ts'
import { play } from './world.ts'

it('the journal returns accepted rows once and in order, and accounts for every row', { timeout: 0 }, async () => {
  const report = await checkRuns(runs, play, {
    test: 'test/model/journal.test.ts',
    runs: 300,
    limitMs: drawnSize(2_000, 6_000),
  })
  expect(report.failure).toBe('')
  expect(report.runs).toBeGreaterThan(0)
})
