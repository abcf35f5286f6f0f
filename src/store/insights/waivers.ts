import { insightTypes } from '../../model/image-insights.ts'
import { textsIn, timestampSql } from '../kubernetes/events.ts'
import type { ViewInput } from '../read/views.ts'
import { insightEvents, type CachedInsightRows } from './rows.ts'

/** States by a tool that mean the same as a waiver. */
export const settledStates = ['not_affected', 'false_positive', 'resolved', 'resolved_with_pedigree'] as const

/**
 * By id of a vulnerability: `id`, `statements` (newest first), and those of them that name it first (`named`). Of
 * statements of one document about the same id and product the newest counts.
 */
function statementsSql(input: ViewInput, cached?: CachedInsightRows): string {
  const texts = textsIn('data', ['$.id', '$.status', '$.justification', '$.impact', '$.image', '$.purl', '$.document'])
  const rows = `SELECT ${texts} AS t, coalesce(${timestampSql("json_extract_string(data, '$.time')")}, time) AS since,
      coalesce(CAST(json_extract(data, '$.aliases') AS VARCHAR[]), []) AS aliases
      FROM (${insightEvents('fact', input, cached)}) WHERE type = '${insightTypes.waiver}'`
  const newest = `SELECT t, aliases, since FROM (${rows})
      QUALIFY row_number() OVER (PARTITION BY t[1], t[5], t[6], t[7] ORDER BY since DESC) = 1`
  const statement = `{'since': since, 'status': t[2], 'reason': coalesce(t[3], t[4]), 'image': t[5], 'purl': t[6]}`
  return `SELECT id, list(${statement} ORDER BY since DESC) AS statements,
      list(${statement} ORDER BY since DESC) FILTER (WHERE id = t[1]) AS named
      FROM (SELECT t, since, unnest(list_append(aliases, t[1])) AS id FROM (${newest})) GROUP BY id`
}

/** The first statement that applies to a problem `r`. */
const applying = `CASE WHEN w.statements IS NOT NULL OR c.named IS NOT NULL OR g.named IS NOT NULL
    THEN list_filter(list_reverse_sort(list_concat(w.statements, list_concat(c.named, g.named))), 
    lambda s: (s.image IS NULL OR s.image = r.key) AND (s.purl IS NULL
    OR s.purl = regexp_extract(r.insight_purl, '^[^?#]*')
    OR starts_with(regexp_extract(r.insight_purl, '^[^?#]*'), s.purl || '@')))[1] END`

/** Problems with `waiver`: `status`, `reason`, `since`; NULL without one. */
export function withWaivers(problems: string, input: ViewInput, cached?: CachedInsightRows): string {
  const alias = (pattern: string): string => `nullif(regexp_extract(r.insight_aliases, '${pattern}', 0), '')`
  return `WITH statements AS MATERIALIZED (${statementsSql(input, cached)})
      SELECT r.*, ${applying} AS waiver FROM (${problems}) r LEFT JOIN statements w ON r.insight_id = w.id
      LEFT JOIN statements c ON ${alias('CVE-[0-9-]+')} = c.id LEFT JOIN statements g
      ON ${alias('GHSA-[0-9a-z-]+')} = g.id`
}

const settled = settledStates.map((state) => `'${state}'`).join(', ')

export const waiverColumns = `(coalesce(r.waiver.status IN ('not_affected', 'fixed'), false)
    OR coalesce(r.insight_value IN (${settled}), false)) AS waived, r.waiver.status AS waiver,
    r.waiver.reason AS waiver_reason`
