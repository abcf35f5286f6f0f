import { expect, it } from 'vitest'
import { drawnSize } from '../../kit/seeds.ts'
import { checkRuns } from '../check-runs.ts'
import { runs } from './runs.ts'
import { play } from './world.ts'

it('derived rows equal a naive reference over crashes, and the ledger balances', { timeout: 0 }, async () => {
  const report = await checkRuns(runs, play, {
    test: 'test/model/transforms/transforms.test.ts',
    runs: 200,
    limitMs: drawnSize(2_000, 6_000),
  })
  expect(report.failure).toBe('')
  expect(report.runs).toBeGreaterThan(0)
})
