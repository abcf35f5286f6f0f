import type { SinkPiece, Transformed } from '../../engine/contracts.ts'
import { selectRows } from '../../model/select.ts'

/** Passes the chosen rows for which `passes` is true; the others are filtered for the reason. */
export function choose(
  { batch, rows }: SinkPiece,
  reason: string,
  passes: (row: number, index: number) => boolean,
): Readonly<{ kept: Uint32Array; transformed: Transformed }> {
  const kept = new Uint32Array(rows.length)
  const filtered = new Uint32Array(rows.length)
  let [keep, filter] = [0, 0]
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0
    if (passes(row, index)) kept[keep++] = row
    else filtered[filter++] = index
  }
  const passed = kept.subarray(0, keep)
  return {
    kept: passed,
    transformed: {
      outputs: keep === 0 ? [] : [{ to: '', batch: keep === batch.count ? batch : selectRows(batch, passed) }],
      failures:
        filter === 0 ? [] : [{ index: filtered[0] ?? 0, is: 'filter', reason, rows: filtered.subarray(0, filter) }],
    },
  }
}

/** Passes the chosen rows without a reason; the others are filtered for their reason. */
export function chooseByReason(
  { batch, rows }: SinkPiece,
  reasonOf: (row: number, index: number) => string | undefined,
): Transformed {
  const kept: number[] = []
  const filtered = new Map<string, number[]>()
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0
    const reason = reasonOf(row, index)
    if (reason === undefined) kept.push(row)
    else if (filtered.get(reason)?.push(index) === undefined) filtered.set(reason, [index])
  }
  const whole = kept.length === batch.count
  return {
    outputs: kept.length === 0 ? [] : [{ to: '', batch: whole ? batch : selectRows(batch, Uint32Array.from(kept)) }],
    failures: [...filtered].map(([reason, indexes]) => ({
      index: indexes[0] ?? 0,
      is: 'filter',
      reason,
      rows: Uint32Array.from(indexes),
    })),
  }
}
