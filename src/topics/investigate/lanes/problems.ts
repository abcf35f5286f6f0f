import { insightRows } from '../../insights/sql.ts'
import type { Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { notApplicable, textOf, type Row } from './lane.ts'
import { runsSql } from './runs.ts'

/** Images that run at the end of the time range, since their report. */
export async function problemsLane({ subject, related, ...scene }: Scene): Promise<Lane> {
  const { dialect, viewer, runQuery, span, limit } = scene
  const runs = runsSql({ subject, related, dialect }, 'name')
  if (runs === undefined) return notApplicable('problems', 'Images run in workloads and namespaces.')
  const images = insightRows({ dialect, viewer, at: span.to, list: 'images', fields: ['workloads'] })
  const rows = await runQuery(
    `SELECT image, name, findings, critical, high, fixable, scanned, reported, count(*) OVER () AS n ` +
      `FROM (${images}) WHERE ${runs} ` +
      `ORDER BY coalesce(critical, 0) DESC, coalesce(high, 0) DESC, image LIMIT ${limit}`,
  )
  if (rows.length === 0)
    return {
      name: 'problems',
      state: 'not-collected',
      note:
        subject.is === 'image' ? 'No report of the image is stored.' : 'The image digests of its pods are not known.',
      total: 0,
      items: [],
    }
  const from = new Date(Number(span.from / 1000n)).toISOString()
  const items = rows.map((row) => imageItem(row, from)).toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
  return { name: 'problems', state: 'shown', note: null, total: Number(rows[0]?.['n']), items }
}

function imageItem(row: Row, from: string): LaneItem {
  const [critical, high, findings, fixable] = ['critical', 'high', 'findings', 'fixable'].map((name) =>
    Number(row[name] ?? 0),
  ) as [number, number, number, number]
  const image = textOf(row['image']) ?? ''
  const unscanned = row['findings'] === null || row['findings'] === undefined
  return {
    pos: image,
    time: textOf(row['reported']) ?? from,
    until: null,
    is: 'image',
    level: critical > 0 ? 'bad' : high > 0 || unscanned ? 'warning' : 'info',
    object: `image ${textOf(row['name']) ?? image}`,
    ref: null,
    text: unscanned
      ? 'not scanned'
      : `${critical} critical, ${high} high, ${findings} findings, ${fixable} with a fixed version`,
    actor: null,
    actor_ref: null,
  }
}
