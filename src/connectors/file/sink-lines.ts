import type { SinkBatch } from '../../engine/contracts.ts'
import type { Failure } from '../../model/outcome.ts'
import { messageOf } from '../../model/errors.ts'
import { toLines, type LineForm } from '../../messaging/lines.ts'

export async function sendLines(
  where: string,
  form: LineForm,
  batch: SinkBatch,
  write: (lines: Uint8Array) => Promise<void>,
): Promise<readonly Failure[]> {
  const { bytes, failures } = toLines(form, batch)
  if (bytes.length === 0) return failures
  const problem = await write(bytes).then(() => undefined, messageOf)
  if (problem === undefined) return failures
  const rejected = new Map(failures.map((failure) => [failure.index, failure]))
  return Array.from(
    { length: batch.count },
    (_, index) => rejected.get(index) ?? { index, is: 'retry', reason: `${where}: ${problem}` },
  )
}
