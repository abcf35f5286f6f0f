/**
 * Exporters without a sampling interval beside sampled ones: their estimates may be too low. Firewalls do not sample,
 * and agents of NetObserv report an interval if they do.
 */
import type { Dialect } from '../../query/index.ts'
import { warn, type CheckContext, type Finding } from './finding.ts'
import { queryRunning } from './running.ts'

const minutes = 10
const mostListed = 5

export async function checkSampling(context: CheckContext): Promise<Finding[]> {
  const since = BigInt(context.host.clock.now() - minutes * 60_000) * 1000n
  try {
    return samplingFindings(
      (await queryRunning<SampledExporter>(context, (dialect) => exportersSql(dialect, since))) ?? [],
    )
  } catch {
    // The check of the exporters already reports a server that does not respond.
    return []
  }
}

/** `since`: µs. Aliases differ from columns: in ClickHouse they hide them. */
function exportersSql({ addressText, time }: Dialect, since: bigint): string {
  return `SELECT ${addressText('exporter_addr')} AS exporter, count(*) AS flows, count(sampling) AS known,
      max(sampling) AS largest
    FROM flows WHERE time_received > ${time(since)} AND exporter_addr IS NOT NULL
      AND protocol <> 'netobserv' AND firewall_event IS NULL
    GROUP BY exporter ORDER BY flows DESC LIMIT 10000`
}

export type SampledExporter = Readonly<{ exporter: string; flows: number; known: number; largest: number | null }>

export function samplingFindings(exporters: readonly SampledExporter[]): Finding[] {
  const sampled = exporters.find(({ largest }) => (largest ?? 1) > 1)
  const unknown = exporters.filter(({ known }) => known === 0)
  if (sampled === undefined || unknown.length === 0) return []
  const names = unknown.slice(0, mostListed).map(({ exporter }) => exporter)
  const more = unknown.length > mostListed ? ` and ${unknown.length - mostListed} others` : ''
  return [
    warn(
      'sampling',
      `${names.join(', ')}${more} report no sampling interval, and ${sampled.exporter} reports 1 in ` +
        `${sampled.largest ?? 1}: estimates take the former as unsampled`,
      'If they sample, let them send their sampling options, or set `sampling` of a separate source.',
    ),
  ]
}
