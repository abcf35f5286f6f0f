import { availableParallelism } from 'node:os'

/** At the same time, because most of the time is spent waiting. When the tests have ended, runs take their place. */
export const workers = { tests: availableParallelism() + 3, runs: availableParallelism() }
