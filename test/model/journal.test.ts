import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runs } from './operations.ts'
import { play } from './world.ts'

/**
 * RUNS=10000 for the bar; SEED and REPLAY (the path that a failure prints) repeat one failing run and shrink it further.
 */
const { RUNS = '300', SEED, REPLAY } = process.env

it.fails('whatever happens, what was accepted is read once, in order, and every row is accounted for', { timeout: 0 }, async () => {
  const details = await fc.check(fc.asyncProperty(runs, play), {
    numRuns: Number(RUNS),
    interruptAfterTimeLimit: RUNS === '300' ? 20_000 : 3_600_000,
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(REPLAY === undefined ? {} : { path: REPLAY }),
  })
  const again = `SEED=${details.seed}${details.counterexamplePath === null ? '' : ` REPLAY=${details.counterexamplePath}`} npx vitest run test/model/journal.test.ts`
  expect(details.failed ? `${fc.defaultReportMessage(details)}\n\n${String((details.errorInstance as Error | null)?.stack)}\n\nAgain: ${again}` : '').toBe('')
})
