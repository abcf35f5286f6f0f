/** EPSS and KEV, with the meaning of src/store/insights/scores.ts. */
import { insightTypes, type FeedName } from '../../model/image-insights.ts'
import { scoredId } from '../insights/scores.ts'
import { eventsOf } from './rows.ts'
import { jsonText, text } from './sql.ts'
import type { StoreNames } from './tables.ts'

/** `feed`, `id`, `score` (NULL in feeds that only list ids). */
export function problemScoresView(names: StoreNames): string {
  const rows = `SELECT * FROM (${eventsOf(names, 'fact')}) WHERE type = ${text(insightTypes.feed)}`
  const newest =
    `SELECT key AS feed, argMax(insight_report, tuple(time, _epoch, _sequence, _row)) AS report FROM (${rows}) ` +
    `WHERE insight_value = 'complete' GROUP BY key`
  const list = (key: string): string => `splitByChar(' ', ifNull(${jsonText('r.data', key)}, ''))`
  return (
    `SELECT p.feed AS feed, p.entry.1 AS id, toFloat64OrNull(p.entry.2) AS score FROM (SELECT n.feed AS feed, ` +
    `arrayJoin(arrayZip(${list('ids')}, ${list('values')})) AS entry FROM (${rows}) AS r INNER JOIN (${newest}) AS n ` +
    'ON r.insight_report = n.report) AS p'
  )
}

/** Columns `epss` and `kev` for problems with columns `id` and `aliases`; NULL without the feed. */
export function withScores(problems: string, scores: string): string {
  const of = (feed: FeedName): string =>
    `(SELECT id AS ${feed}_id, score AS ${feed}_score FROM (${scores}) WHERE feed = '${feed}')`
  const cve = scoredId("ifNull(toString(r.id), '')", "arrayStringConcat(r.aliases, ' ')")
  return (
    `SELECT r.*, e.epss_score AS epss, if((SELECT count() > 0 FROM ${of('kev')}), toBool(isNotNull(k.kev_id)), NULL) ` +
    `AS kev FROM (${problems}) AS r LEFT JOIN ${of('epss')} AS e ON ${cve} = e.epss_id ` +
    `LEFT JOIN ${of('kev')} AS k ON ${cve} = k.kev_id`
  )
}
