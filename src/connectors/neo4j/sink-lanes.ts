import type { SinkRow } from '../../engine/delivery/rows.ts'

/**
 * What takes more than one transaction goes in two rows of them side by side, each key in one of both: so one is made while the database is at the other,
 * and the events of a key stay in order. What is told of objects of clusters is not split: an object that is made anew has another key, and its history is one.
 */
export function inLanes(rows: readonly SinkRow[], most: number): readonly (readonly SinkRow[])[] {
  if (rows.length <= most || rows.some(({ family }) => family === 'change' || family === 'resource')) return [rows]
  const lanes: [SinkRow[], SinkRow[]] = [[], []]
  const laneOf = new Map<string, SinkRow[]>()
  for (const row of rows) {
    const key = row.key ?? row.event.id
    const lane = laneOf.get(key) ?? (lanes[0].length <= lanes[1].length ? lanes[0] : lanes[1])
    laneOf.set(key, lane)
    lane.push(row)
  }
  return lanes
}
