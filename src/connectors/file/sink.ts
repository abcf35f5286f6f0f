import type { Context, Sink } from '../../engine/ports.ts'
import type { Failure } from '../../model/outcome.ts'
import { LineFile } from './client.ts'
import type { FileConfig } from './config.ts'
import { toLines } from './map.ts'

export function openFile(config: FileConfig, { host, log }: Context): Promise<Sink> {
  const file = new LineFile(config.path, { rotateAt: config.rotate_at, keep: config.keep }, host.disk)
  return Promise.resolve({
    async send(batch, signal) {
      signal.throwIfAborted()
      const { bytes, count, failures } = toLines(batch)
      if (count === 0) return failures
      const problem = await file.append(bytes).then(() => undefined, says)
      if (problem !== undefined) return allRetry(batch.count, failures, `${config.path}: ${problem}`)
      const stays = await file.rotate().then(() => undefined, says)
      if (stays !== undefined) log.warn('The file could not be put aside and goes on growing; the next batch tries again.', { path: config.path, problem: stays })
      return failures
    },
    close: () => file.close(),
  })
}

/** Every row that is not already lost for good waits for the next time. */
export function allRetry(count: number, rejected: readonly Failure[], reason: string): Failure[] {
  const lost = new Map(rejected.map((failure) => [failure.index, failure]))
  return Array.from({ length: count }, (_, index) => lost.get(index) ?? { index, is: 'retry', reason })
}

export function says(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
