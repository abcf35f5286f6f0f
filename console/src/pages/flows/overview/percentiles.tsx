import { useMemo } from 'react'
import { useFields } from '../../../api/queries.ts'
import { Chart } from '../../../parts/chart.tsx'
import { duration, volume } from '../../../parts/format.ts'
import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import type { OwnKind } from './kinds.ts'
import { noteOf, useEarlierAnswer } from './earlier.ts'
import { comparedLatency, latencyOf } from './latency.tsx'
import { Panel } from './panel.tsx'
import { chartHeights, type PanelProps } from './panels.tsx'
import { offsetSeconds, useAnswer } from './queries.ts'
import { csvOfTimes } from './panel-csv.ts'
import type { Series } from '../../../../../src/api/published.ts'
import { panelsText } from './text.ts'

const shown = [
  ['p50', panelsText.median],
  ['p95', panelsText.p95Name],
  ['p99', panelsText.p99Name],
] as const

const numbers = new Set(['u8', 'u16', 'u32', 'u64', 'i32', 'f64', 'estimate'])
/** The others are codes and ids: a percentile of them has no meaning. */
const amounts =
  /^(?:bytes|packets|rtt|drop_(?:bytes|packets)|dns_latency|ip_ttl|sampling|flow_logs|fragment_offset)(?:_|$)/

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 })

function formatOf(field: string): (value: number) => string {
  if (field.startsWith('rtt')) return (value) => duration(value / 1e6)
  if (field === 'dns_latency') return duration
  return /bytes/.test(field) ? volume : (value) => number.format(value)
}

/** Percentiles over the flows of each bucket, by nearest rank. */
export function PercentilesPanel({
  kind: { title },
  context: {
    flowQuery,
    before,
    isLive,
    look,
    size,
    menu,
    marks,
    percentileField: field,
    onPercentileField,
    onTable,
    onBrush,
  },
}: PanelProps<OwnKind>): React.ReactNode {
  const fields = useFields()
  const known = useMemo(
    () => (fields.data?.fields ?? []).filter(({ name, kind }) => numbers.has(kind) && amounts.test(name)),
    [fields.data],
  )
  const answer = useAnswer<Series>('/api/v1/series', flowQuery, { of: field })
  const seconds = isLive ? 0 : offsetSeconds(before, flowQuery.t)
  const old = useEarlierAnswer(answer, '/api/v1/series', flowQuery, { of: field }, seconds)
  const data = useMemo(
    () => comparedLatency(answer.data, old, (series) => latencyOf(series, field, 1, shown)),
    [answer.data, old, field],
  )
  const format = useMemo(() => formatOf(field), [field])
  const ownMenu = menu(title, {
    top: false,
    others: false,
    csv: data === undefined ? undefined : csvOfTimes({ ...data, format, unit: field }),
  })
  return (
    <Panel title={title} answer={answer} menu={ownMenu} foot={noteOf(old, before)}>
      {() => (
        <>
          <div className="percentile-field">
            <LabelledSelect
              label={panelsText.percentileField}
              value={field}
              values={[...new Set([field, ...known.map(({ name }) => name)])]}
              textOf={(text) => text}
              onChange={onPercentileField}
            />
          </div>
          {data === undefined || data.flows === 0 ? (
            <p className="pad dim">{panelsText.noValues}</p>
          ) : (
            <Chart
              label={panelsText.percentilesOf(field)}
              times={data.times}
              series={data.series}
              stacked={false}
              height={chartHeights[size]}
              format={format}
              onBrush={onBrush}
              table={look.table}
              onTable={onTable}
              {...marks}
            />
          )}
        </>
      )}
    </Panel>
  )
}
