/** EPSS and KEV, as the newest complete feeds have them. */
import { insightTypes } from '../../model/image-insights.ts'
import { textsIn } from '../kubernetes/events.ts'
import type { ViewInput } from '../read/views.ts'
import { insightEvents, type CachedInsightRows } from './rows.ts'

/** `feed`, `id`, `score` (NULL in feeds that only list ids). Ids are distinct in a feed. */
export function scoresSql(input: ViewInput, cached?: CachedInsightRows): string {
  const rows = `SELECT * FROM (${insightEvents('fact', input, cached)}) WHERE type = '${insightTypes.feed}'`
  // Without the bodies: those of feeds that are replaced are large.
  const newest = `SELECT key AS feed, arg_max(insight_report, {'t': time, 'e': _epoch, 's': _sequence, 'r': _row})
      AS report FROM (${rows}) WHERE insight_value = 'complete' GROUP BY key`
  return `SELECT feed, unnest(string_split(t[1], ' ')) AS id,
      TRY_CAST(unnest(string_split(t[2], ' ')) AS DOUBLE) AS score
      FROM (SELECT n.feed, ${textsIn('r.data', ['$.ids', '$.values'])} AS t
      FROM (${rows}) r JOIN (${newest}) n ON r.insight_report = n.report)`
}

/** The id of a problem in feeds, which list CVEs. `aliases`: texts, separated by blanks. */
export function scoredId(id: string, aliases: string): string {
  return `CASE WHEN ${id} LIKE 'CVE-%' THEN ${id}
      ELSE coalesce(nullif(regexp_extract(${aliases}, 'CVE-[0-9-]+', 0), ''), ${id}) END`
}

/** Columns `epss` and `kev` for problems `r` with columns `id` and `aliases`; NULL without the feed. */
export function withScores(problems: string, scores: string): string {
  const cve = scoredId('r.id', "array_to_string(r.aliases, ' ')")
  return `WITH scores AS MATERIALIZED (${scores})
      SELECT r.*, e.score AS epss, CASE WHEN EXISTS (SELECT 1 FROM scores WHERE feed = 'kev') THEN k.id IS NOT NULL END
      AS kev FROM (${problems}) r LEFT JOIN (SELECT id, score FROM scores WHERE feed = 'epss') e
      ON ${cve} = e.id
      LEFT JOIN (SELECT id FROM scores WHERE feed = 'kev') k ON ${cve} = k.id`
}
