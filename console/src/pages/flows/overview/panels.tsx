import { useMemo } from 'react'
import type { MarkProps } from '../../../parts/chart.tsx'
import { csvOf } from '../../../parts/save-file.ts'
import { duration } from '../../../parts/format.ts'
import { serverNow } from '../../../state/server-time.ts'
import { Loading } from '../../../parts/states.tsx'
import { useMarksWith, type AlertMarks } from '../alert-marks.ts'
import type { FlowQuery } from './flow-query.ts'
import { earlierNames } from './earlier-names.ts'
import { noteOf, useEarlierGroups, useEarlierSeries, withEarlier, withEarlierSeries } from './earlier.ts'
import { offsetSeconds, restrictTo, latestOf, useAnswer, useEarlier, useGroups, useSeries } from './queries.ts'
import type { PairsKind, RatesKind, SharesKind } from './kinds.ts'
import { isOfStream, isStreamed, usePast, type LiveSeries } from './live.ts'
import { dimensionName } from './names.ts'
import { Panel } from './panel.tsx'
import { csvOfShares, csvOfTimes, type PanelCsv } from './panel-csv.ts'
import { drawnOf, formatOf, Rates } from './rates.tsx'
import { Sankey } from './sankey.tsx'
import { Bars, Donut } from './shares.tsx'
import type { Dimension, Earlier, Measure, PanelLook, PanelName } from './state.ts'
import type { FlowGroups } from '../../../../../src/api/published.ts'
import { sharesOf, stackOf, type Share, type Shares } from './sums.ts'
import { panelsText } from './text.ts'

export type MenuOf = Readonly<{
  total?: boolean
  others?: boolean
  top?: boolean
  latest?: boolean
  table?: boolean
  share?: boolean
  csv: PanelCsv | undefined
}>

export type PanelSize = 'usual' | 'large' | 'small'

export type PanelContext = Readonly<{
  flowQuery: FlowQuery
  dim: Dimension
  by: Measure
  before: Earlier
  look: PanelLook
  size: PanelSize
  isLive: boolean
  /** The panels that start first have their data of this query. */
  othersAnswered: boolean
  /** The other end if groups by the dimension share a pass over the flows with the pairs. */
  besideOf: (measure: Measure, top: number) => string | undefined
  live: Readonly<{ series: LiveSeries; turn: number }> | undefined
  menu: (title: string, has: MenuOf) => React.ReactNode
  marks: MarkProps
  alerts: AlertMarks
  onTable: (table: boolean) => void
  onOnly: (fields: readonly string[], cells: readonly unknown[]) => void
  onBrush: (from: number, to: number) => void
  onFilter: (condition: string) => void
  percentileField: string
  onPercentileField: (field: string) => void
}>

export type PanelProps<Kind> = Readonly<{
  name: PanelName
  kind: Kind
  context: PanelContext
}>

export const chartHeights: Readonly<Record<PanelSize, number>> = {
  usual: 170,
  /** Down to the footer, on wide windows. */
  get large() {
    return innerWidth > 900 ? Math.max(400, innerHeight - 290) : 400
  },
  small: 90,
}

export function RatesPanel({ kind, context }: PanelProps<RatesKind>): React.ReactNode {
  const { flowQuery, dim, before, look, size, besideOf, isLive, live, menu, onTable, onBrush } = context
  const { measure, family } = kind
  const marks = useMarksWith(context.marks, context.alerts, measure)
  const field = kind.field ?? dim
  const streamed = isLive && isStreamed(measure) && isOfStream(kind)
  const ownQuery = restrictTo(flowQuery, family)
  const beside = kind.field === undefined && family === 'flows' ? besideOf(measure, look.top) : undefined
  const ranked = { group: field, by: measure, limit: look.top, beside }
  const answer = useSeries(ownQuery, ranked, { enabled: !streamed })
  const { answer: old, seconds } = useEarlier(ownQuery, before, measure, { enabled: !isLive })
  const stored = useMemo(
    () => (answer.data === undefined ? undefined : stackOf(answer.data, answer.data.columns[2]?.name ?? '', measure)),
    [answer.data, measure],
  )
  const earlier = useMemo(
    () => (old === undefined || isLive ? undefined : stackOf(old, '', measure, seconds)),
    [old, isLive, measure, seconds],
  )
  const earlierGroups = useEarlierSeries(answer, ownQuery, { group: field, by: measure, limit: look.top, seconds })
  const compared = useMemo(
    () => (stored === undefined ? undefined : withEarlierSeries(stored, earlier, earlierGroups)),
    [stored, earlier, earlierGroups],
  )
  const title = kind.field === undefined ? panelsText.titleBy(kind.title, dimensionName(dim)) : kind.title
  const past = usePast(streamed ? live?.series : undefined, ownQuery, dim, measure)
  const stack = streamed ? live?.series.stack(dim, measure, look.top, serverNow() / 1000, past) : compared
  const shown = {
    before,
    measure,
    look,
    title,
    marks,
    onTable,
    onBrush,
    height: chartHeights[size],
    menu: menu(title, {
      total: true,
      share: true,
      csv:
        stack === undefined
          ? undefined
          : csvOfTimes({
              times: stack.times,
              series: Object.values(drawnOf({ stack, earlier, before, look })).flat(),
              format: formatOf(measure, look),
              raw: [
                ...stack.series,
                stack.total,
                ...(earlier === undefined ? [] : [{ ...earlier.total, name: panelsText.previousTotal }]),
              ],
            }),
    }),
  }
  if (streamed) {
    return (
      <section className="panel overview-panel" aria-label={title}>
        {stack === undefined ? (
          <Loading what={title.toLowerCase()} />
        ) : (
          <Rates {...shown} stack={stack} earlier={undefined} />
        )}
      </section>
    )
  }
  return (
    <Panel title={title} headed answer={answer} menu={shown.menu} foot={noteOf(old, before)}>
      {() => compared !== undefined && <Rates {...shown} stack={compared} earlier={earlier} />}
    </Panel>
  )
}

export function SharesPanel({ name, kind, context }: PanelProps<SharesKind>): React.ReactNode {
  const { flowQuery, dim, by, before, isLive, look, besideOf, menu, onOnly } = context
  const field = kind.field ?? dim
  const groupFields = kind.of === undefined ? [field] : [kind.of, field]
  const measure = kind.measure ?? by
  const newest = latestOf(flowQuery.t)
  const answer = useGroups(
    restrictTo(look.latest ? { ...flowQuery, t: newest.t } : flowQuery, kind.family),
    groupFields,
    measure,
    look.top,
    kind.field === undefined && kind.family === 'flows' && !look.latest ? besideOf(measure, look.top) : undefined,
  )
  const groups = kind.of === undefined ? 1 : 2
  const own = useMemo(
    () => answer.data?.columns.slice(0, groups).map((column) => column.name) ?? [],
    [answer.data, groups],
  )
  const earlier = useEarlierGroups(answer, {
    path: '/api/v1/flows',
    flowQuery: restrictTo(flowQuery, kind.family),
    query: { group: groupFields.join(','), by: measure, sums: 'ranked' },
    fields: own,
    column: measure,
    limit: look.top,
    seconds: isLive ? 0 : offsetSeconds(before, flowQuery.t),
  })
  const data = useMemo(
    () => (answer.data === undefined ? undefined : withEarlier(sharesOf(answer.data, own, measure, ' · '), earlier)),
    [answer.data, own, measure, earlier],
  )
  const title = kind.field !== undefined ? kind.title : panelsText.titleBy(kind.title, dimensionName(dim))
  const Shape = kind.shape === 'donut' ? Donut : Bars
  return (
    <Panel
      title={title}
      answer={answer}
      menu={menu(title, {
        others: true,
        latest: true,
        csv:
          data === undefined
            ? undefined
            : csvOfShares({
                data,
                measure,
                title,
                others: look.others || kind.shape === 'donut',
                raw: () => sharesCsv(data, own, measure),
              }),
      })}
      foot={footOf(look, newest.seconds, data, before)}
    >
      {() =>
        data !== undefined && (
          <Shape
            key={name}
            data={data}
            label={title}
            measure={measure}
            others={look.others}
            onOnly={({ cells }) => {
              if (cells !== undefined) onOnly(own, cells)
            }}
          />
        )
      }
    </Panel>
  )
}

export function PairsPanel({ kind: { title }, context }: PanelProps<PairsKind>): React.ReactNode {
  const { flowQuery, dim, by, before, isLive, look, size, othersAnswered, besideOf, menu, onOnly } = context
  const part = /^(?:src|dst)_(?!port)(.+)$/.exec(dim)?.[1] ?? 'endpoint'
  const newest = latestOf(flowQuery.t)
  const shared = besideOf(by, look.top) !== undefined
  // Pairs are by far the most groups. Unless their pass is shared, it starts last and does not delay the others.
  const answer = useAnswer<FlowGroups>(
    '/api/v1/topology',
    look.latest ? { ...flowQuery, t: newest.t } : flowQuery,
    { scope: part, by, limit: look.top, sums: 'ranked', beside: shared ? dim : undefined },
    { enabled: shared || othersAnswered },
  )
  const columnNames = useMemo(() => answer.data?.columns.slice(0, 2).map(({ name }) => name) ?? [], [answer.data])
  const earlier = useEarlierGroups(answer, {
    path: '/api/v1/topology',
    flowQuery,
    query: { scope: part, by, sums: 'ranked' },
    fields: columnNames,
    column: by,
    limit: look.top,
    seconds: isLive ? 0 : offsetSeconds(before, flowQuery.t),
  })
  const data = useMemo(
    () => (answer.data === undefined ? undefined : withEarlier(sharesOf(answer.data, columnNames, by), earlier)),
    [answer.data, columnNames, by, earlier],
  )
  const only = ({ cells }: Share) => {
    if (cells !== undefined) onOnly(columnNames, cells)
  }
  return (
    <Panel
      title={title}
      answer={answer}
      menu={menu(title, {
        others: true,
        latest: true,
        table: true,
        csv:
          data === undefined
            ? undefined
            : csvOfShares({
                data,
                measure: by,
                title,
                others: look.others,
                raw: () => sharesCsv(data, columnNames, by),
              }),
      })}
      foot={footOf(look, newest.seconds, data, before)}
    >
      {() =>
        data !== undefined && (
          <div className="pairs">
            {!look.table && (
              <Sankey
                data={data}
                fields={columnNames}
                measure={by}
                others={look.others}
                least={chartHeights[size] - 20}
                onOnly={only}
              />
            )}
            <Bars data={data} label={title} measure={by} others={look.others} onOnly={only} />
          </div>
        )
      }
    </Panel>
  )
}

function footOf({ latest }: PanelLook, seconds: number, data: Shares | undefined, before: Earlier) {
  const note = data?.note
  return [
    ...(latest ? [latestText(seconds)] : []),
    ...(note === undefined ? [] : [note === '' ? panelsText.comparedWith(earlierNames[before]) : note]),
  ].join(' ')
}

function latestText(seconds: number) {
  return panelsText.newestPart(duration(seconds * 1000))
}

function sharesCsv({ shares, earlier: compared }: Shares, fields: readonly string[], measure: Measure) {
  const isCompared = compared !== undefined
  return csvOf(
    [...fields, 'others', measure, ...(isCompared ? ['earlier'] : [])],
    shares.map(({ cells, amount, earlier }) => [
      ...fields.map((_, index) => cells?.[index]),
      cells === undefined,
      amount,
      ...(isCompared ? [earlier] : []),
    ]),
  )
}
