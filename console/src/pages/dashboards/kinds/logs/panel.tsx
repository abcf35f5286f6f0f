import type { LokiLines } from '../../../../../../src/api/published.ts'
import { request } from '../../../../api/client.ts'
import { shortTime } from '../../../../parts/format.ts'
import { levelTones } from '../../../../parts/events/columns.tsx'
import { spanOf } from '../../../../parts/metrics/queries.ts'
import { eventsText } from '../../../../parts/events/text.ts'
import { generalText } from '../../../../text/general.ts'
import { Answered } from '../../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../../parts/dashboards/panel-query.ts'
import { PanelTable } from '../../../../parts/dashboards/panel-table.tsx'
import { dashboardsText } from '../../text.ts'
import { inExpression } from '../../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

type Line = Readonly<{ ns: string; line: string; level: string; labels: string }>

const columns = [
  { id: 'time', title: generalText.time },
  { id: 'level', title: eventsText.level },
  { id: 'line', title: eventsText.line },
]

export default function LogsPanel({ panel, variables, t, revision }: PanelProps): React.ReactNode {
  const { queries, limit } = panel
  const shown = queries.filter(({ expr }) => expr.trim() !== '')
  const answer = usePanelQuery<readonly Line[]>({
    key: ['logs', shown, variables, limit, t],
    revision,
    enabled: shown.length > 0,
    read: async (signal) => {
      const span = spanOf(t)
      const end = { end: t.to === 'now' ? Math.ceil(Date.now() / 1000) : span.end }
      const answers = await Promise.all(
        shown.map(({ expr }) =>
          request<LokiLines>('/loki/api/v1/query_range', {
            signal,
            query: { query: inExpression(expr, variables, span), start: span.start, ...end, limit },
          }),
        ),
      )
      if (answers.some(({ data }) => data.resultType !== 'streams')) throw new Error(dashboardsText.noLines)
      return newest(answers.flatMap(linesOf)).slice(0, limit)
    },
  })
  if (shown.length === 0) return <p className="dim pad">{dashboardsText.noQuery}</p>
  return (
    <Answered of={answer}>
      {(lines) => (
        <PanelTable
          columns={columns}
          rows={lines.map(({ ns, line, level, labels }) => {
            const at = new Date(Number(BigInt(ns) / 1_000_000n)).toISOString()
            return [
              <span key="time" className="mono" title={at}>
                {shortTime(at)}
              </span>,
              <span key="level" className={levelTones[level] ?? 'dim'}>
                {level}
              </span>,
              <span key="line" className="mono" title={labels}>
                {line}
              </span>,
            ]
          })}
        />
      )}
    </Answered>
  )
}

function linesOf({ data }: LokiLines): readonly Line[] {
  return data.result.flatMap(({ stream = {}, values }) =>
    values.map(([ns, line]) => ({
      ns,
      line,
      level: stream['level'] ?? stream['detected_level'] ?? '',
      labels: Object.entries(stream)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    })),
  )
}

const newest = (lines: readonly Line[]) => lines.toSorted((a, b) => (BigInt(b.ns) > BigInt(a.ns) ? 1 : -1))
