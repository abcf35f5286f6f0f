import fc from 'fast-check'

export interface RunReport {
  readonly runs: number
  readonly seed: number
  /** The shrunk failure and the command that repeats it; empty: none. */
  readonly failure: string
}

/**
 * Plays seeded runs until one fails, and shrinks that. RUNS sets their number; SEED and REPLAY repeat one failing run.
 */
export async function checkRuns<Run>(
  runs: fc.Arbitrary<Run>,
  play: (run: Run) => Promise<void>,
  options: { readonly test: string; readonly runs: number; readonly limitMs?: number; readonly seed?: number },
): Promise<RunReport> {
  const { SEED, REPLAY, RUNS } = process.env
  const seed = options.seed ?? (SEED === undefined ? undefined : Number(SEED))
  const details = await fc.check(fc.asyncProperty(runs, play), {
    numRuns: RUNS === undefined ? options.runs : Number(RUNS),
    ...(seed === undefined ? {} : { seed }),
    ...(REPLAY === undefined ? {} : { path: REPLAY }),
    // A slow machine plays fewer runs.
    ...(RUNS === undefined && options.limitMs !== undefined ? { interruptAfterTimeLimit: options.limitMs } : {}),
  })
  const error = details.errorInstance
  const again = `SEED=${details.seed} REPLAY=${details.counterexamplePath ?? ''} npx vitest run ${options.test}`
  const failure = details.failed
    ? [fc.defaultReportMessage(details), error instanceof Error ? error.stack : String(error), `Again: ${again}`].join(
        '\n\n',
      )
    : ''
  return { runs: details.numRuns, seed: details.seed, failure }
}
