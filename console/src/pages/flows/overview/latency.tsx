import type { FlowGroups, Series } from '../../../../../src/api/published.ts'
import { useMemo } from 'react'
import { Chart, type ChartSeries } from '../../../parts/chart.tsx'
import { difference } from '../../../parts/difference.ts'
import { csvOf } from '../../../parts/save-file.ts'
import { count, duration } from '../../../parts/format.ts'
import { earlierNames } from './earlier-names.ts'
import { comparedWith, noteOf, useEarlierAnswer, useEarlierGroups } from './earlier.ts'
import { offsetSeconds, restrictTo, useAnswer } from './queries.ts'
import type { TimesKind } from './kinds.ts'
import { dimensionName, valueName } from './names.ts'
import { Panel } from './panel.tsx'
import { chartHeights, type PanelProps } from './panels.tsx'
import { csvOfTimes } from './panel-csv.ts'
import { bucketTimes } from './sums.ts'
import { panelsText } from './text.ts'

type Statistic = readonly [statistic: string, name: string]

const statistics: readonly Statistic[] = [
  ['min', 'quickest'],
  ['avg', 'average'],
  ['p90', panelsText.p90Hint],
  ['p99', panelsText.p99Hint],
  ['max', 'slowest'],
]

export function latencyOf(
  { columns, rows, span, step }: Series,
  of: string,
  perMs: number,
  shown = statistics,
): Readonly<{ times: readonly number[]; series: readonly ChartSeries[]; flows: number }> {
  const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
  const times = bucketTimes(Date.parse(span.from) / 1000, Date.parse(span.to) / 1000, step)
  const [time, flows] = [columnOf('time'), columnOf(`${of}_flows`)]
  const at = (row: readonly unknown[]) => Math.round((Date.parse(String(row[time])) / 1000 - (times[0] ?? 0)) / step)
  return {
    times,
    flows: rows.reduce((sum, row) => sum + Number(row[flows] ?? 0), 0),
    series: shown.map(([statistic, name]) => {
      const values = times.map((): number | null => null)
      for (const row of rows) {
        const value = row[columnOf(`${of}_${statistic}`)]
        if (value !== null && value !== undefined && values[at(row)] !== undefined)
          values[at(row)] = Number(value) / perMs
      }
      return { name, values }
    }),
  }
}

/** The series of an answer, with those of the earlier one. */
export function comparedLatency(
  now: Series | undefined,
  earlier: Series | undefined,
  read: (answer: Series) => ReturnType<typeof latencyOf>,
): ReturnType<typeof latencyOf> | undefined {
  if (now === undefined) return undefined
  const data = read(now)
  return { ...data, series: comparedWith(data.series, earlier === undefined ? undefined : read(earlier).series) }
}

export function TimesPanel({
  kind: { of, perMs, title, family },
  context: { flowQuery, before, isLive, look, size, menu, marks, onTable, onBrush },
}: PanelProps<TimesKind>): React.ReactNode {
  const ownQuery = restrictTo(flowQuery, family)
  const answer = useAnswer<Series>('/api/v1/series', ownQuery, { of })
  const seconds = isLive ? 0 : offsetSeconds(before, flowQuery.t)
  const old = useEarlierAnswer(answer, '/api/v1/series', ownQuery, { of }, seconds)
  const data = useMemo(
    () => comparedLatency(answer.data, old, (series) => latencyOf(series, of, perMs)),
    [answer.data, old, of, perMs],
  )
  const ownMenu = menu(title, {
    top: false,
    others: false,
    csv: data === undefined ? undefined : csvOfTimes({ ...data, format: duration, unit: 'ms' }),
  })
  return (
    <Panel
      title={title}
      headed={data !== undefined && data.flows > 0}
      answer={answer}
      menu={ownMenu}
      foot={noteOf(old, before)}
    >
      {() =>
        data !== undefined &&
        (data.flows === 0 ? (
          <p className="pad dim">{panelsText.noLatency}</p>
        ) : (
          <Chart
            label={panelsText.latencyTitle(title, count(data.flows))}
            times={data.times}
            series={data.series}
            stacked={false}
            height={chartHeights[size]}
            format={duration}
            onBrush={onBrush}
            table={look.table}
            onTable={onTable}
            menu={ownMenu}
            {...marks}
          />
        ))
      }
    </Panel>
  )
}

export function SlowestPanel({
  kind: { of, perMs, title, family },
  context: { flowQuery, dim, before, isLive, look, menu, onOnly },
}: PanelProps<TimesKind>): React.ReactNode {
  const ownQuery = restrictTo(flowQuery, family)
  const question = { group: dim, of, by: 'p90' }
  const answer = useAnswer<FlowGroups>('/api/v1/flows', ownQuery, { ...question, limit: look.top })
  const field = answer.data?.columns[0]?.name ?? dim
  const fields = useMemo(() => [field], [field])
  const earlier = useEarlierGroups(answer, {
    path: '/api/v1/flows',
    flowQuery: ownQuery,
    query: question,
    fields,
    column: `${of}_p90`,
    limit: look.top,
    seconds: isLive ? 0 : offsetSeconds(before, flowQuery.t),
  })
  const lines = useMemo(() => {
    const { columns = [], rows = [] } = answer.data ?? {}
    const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
    return rows.map((row) => ({
      cell: row[0],
      flows: row[columnOf(`${of}_flows`)],
      values: statistics.map(([statistic]) => row[columnOf(`${of}_${statistic}`)]),
    }))
  }, [answer.data, of])
  const whole = panelsText.titleBy(title, dimensionName(dim))
  const ms = (value: unknown) => (value === null || value === undefined ? null : Number(value) / perMs)
  const csv = {
    shown: () =>
      csvOf(
        [dimensionName(dim), panelsText.flowsInText, ...statistics.map(([statistic]) => statistic)],
        lines.map(({ cell, flows, values }) => [
          valueName(field, cell),
          flows,
          ...values.map((value) => (value === null ? null : duration(ms(value)))),
        ]),
      ),
    raw: () =>
      csvOf(
        [field, 'flows', ...statistics.map(([statistic]) => `${of}_${statistic}`)],
        lines.map(({ cell, flows, values }) => [cell, flows, ...values]),
      ),
  }
  return (
    <Panel
      title={whole}
      answer={answer}
      menu={menu(whole, { others: false, csv: answer.data === undefined ? undefined : csv })}
      foot={earlier === undefined ? '' : earlier.note || panelsText.comparedWith(earlierNames[before])}
    >
      {() => (
        <div className="slowest" tabIndex={0} role="region" aria-label={panelsText.figures(whole)}>
          <table className="shares" aria-label={whole}>
            <thead>
              <tr>
                <th scope="col">{dimensionName(dim)}</th>
                <td>{panelsText.flowsInText}</td>
                {statistics.map(([statistic, name]) => (
                  <td key={statistic} title={name}>
                    {statistic}
                  </td>
                ))}
                {earlier?.isStored === true && <td>{panelsText.changeOfP90}</td>}
              </tr>
            </thead>
            <tbody>
              {lines.map(({ cell, flows, values }) => (
                <tr key={String(cell)}>
                  <th scope="row">
                    <button type="button" className="quiet share-name" onClick={() => onOnly([field], [cell])}>
                      {valueName(field, cell)}
                    </button>
                  </th>
                  <td>{count(Number(flows))}</td>
                  {values.map((value, index) => (
                    <td
                      key={statistics[index]?.[0]}
                      title={value === null ? undefined : panelsText.milliseconds(ms(value))}
                    >
                      {duration(ms(value))}
                    </td>
                  ))}
                  {earlier?.isStored === true && <Slower now={ms(values[p90])} earlier={ms(earlier.of([cell]))} />}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

const p90 = statistics.findIndex(([statistic]) => statistic === 'p90')

/** A group without flows in the earlier range has no time there. */
function Slower({ now, earlier }: { now: number | null; earlier: number | null }) {
  const earlierMs = earlier === null || earlier === 0 ? null : earlier
  return (
    <td
      className="change"
      title={
        earlierMs === null
          ? panelsText.earlierUnknown
          : panelsText.earlierAmount(panelsText.earlier, duration(earlierMs))
      }
    >
      {earlierMs === null ? '–' : difference(now, earlierMs)}
    </td>
  )
}
