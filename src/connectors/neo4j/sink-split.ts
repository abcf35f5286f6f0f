import type { SinkRow } from '../../engine/delivery/rows.ts'

/** Rows of one key stay together and in order. Changes are not split: a recreated object has one history. */
export function splitByKey(rows: readonly SinkRow[], most: number): readonly (readonly SinkRow[])[] {
  if (rows.length <= most || rows.some(({ family }) => family === 'change' || family === 'resource')) return [rows]
  const lanes: [SinkRow[], SinkRow[]] = [[], []]
  const laneOf = new Map<string, SinkRow[]>()
  for (const row of rows) {
    const key = row.key ?? row.event.id
    const worker = laneOf.get(key) ?? (lanes[0].length <= lanes[1].length ? lanes[0] : lanes[1])
    laneOf.set(key, worker)
    worker.push(row)
  }
  return lanes
}
