import type { DuckDBConnection } from '@duckdb/node-api'
import { progressEveryMs, type OnProgress } from '../../engine/control.ts'
import type { Timers } from '../../host/index.ts'
import type { StoredFile } from '../record.ts'

/** Without it DuckDB states no progress. It prints nothing, and a locked configuration permits it. */
const statesProgress = 'PRAGMA enable_progress_bar; PRAGMA disable_print_progress_bar'

type Reported = Readonly<{
  files: readonly Pick<StoredFile, 'stream' | 'rows'>[]
  onProgress: OnProgress | undefined
}>

/**
 * Of the next statement, until the returned function is called. DuckDB states a share; rows are that share of those in
 * the files.
 */
export async function reportProgress(
  connection: Pick<DuckDBConnection, 'progress' | 'run'>,
  timers: Timers,
  { files, onProgress }: Reported,
): Promise<() => void> {
  if (onProgress === undefined) return () => undefined
  await connection.run(statesProgress)
  const total = files.reduce((sum, { stream, rows }) => sum + (stream === 'endpoints' ? 0 : rows), 0)
  const timer = timers.every(progressEveryMs, () => {
    const { percentage } = connection.progress
    // Negative: not started, or the plan states none.
    if (percentage >= 0)
      onProgress({ unit: 'rows', done: Math.round((total * Math.min(100, percentage)) / 100), total })
  })
  return () => timer.cancel()
}
