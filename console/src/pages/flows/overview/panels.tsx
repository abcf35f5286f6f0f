import { useMemo } from 'react'
import { Loading } from '../../../parts/states.tsx'
import { useAnswer, useEarlier, useGroups, useSeries, type Asked } from './ask.ts'
import { panelTitles } from './controls.tsx'
import type { LiveSeries } from './live.ts'
import { dimensionName } from './names.ts'
import { Panel } from './panel.tsx'
import { Rates } from './rates.tsx'
import { Sankey } from './sankey.tsx'
import { Bars, Donut } from './shares.tsx'
import { usualLook, type Dimension, type Earlier, type Looks, type Measure, type PanelName } from './state.ts'
import { sharesOf, stackOf, type GroupsAnswer, type Share } from './sums.ts'

export interface PanelContext {
  readonly asked: Asked
  readonly dim: Dimension
  readonly by: Measure
  readonly before: Earlier
  readonly looks: Looks
  readonly isLive: boolean
  readonly live: { readonly series: LiveSeries; readonly turn: number } | undefined
  readonly menuOf: (name: PanelName, title: string, hasTotal: boolean) => React.ReactNode
  /** Only flows of this group are wanted. */
  readonly onOnly: (fields: readonly string[], cells: readonly unknown[]) => void
  readonly onBrush: (from: number, to: number) => void
}

/** Bytes or packets over time: stored by one question, live by the stream. */
export function RatesPanel({ name, context }: { readonly name: 'bytes' | 'packets'; readonly context: PanelContext }): React.ReactNode {
  const { asked, dim, before, looks, isLive, live, menuOf, onBrush } = context
  const look = looks[name] ?? usualLook
  const answer = useSeries(asked, dim, name, look.top, !isLive)
  const { answer: old, seconds } = useEarlier(asked, before, !isLive)
  const stored = useMemo(() => (answer.data === undefined ? undefined : stackOf(answer.data, answer.data.columns[2]?.name ?? '', name)), [answer.data, name])
  const earlier = useMemo(() => (old === undefined || isLive ? undefined : stackOf(old, '', name, seconds)), [old, isLive, name, seconds])
  const title = `${panelTitles[name]} by ${dimensionName(dim)}`
  const shown = { dim, before, measure: name, look, menu: menuOf(name, title, true), onBrush }
  if (isLive) {
    return (
      <section className="panel overview-panel wide" aria-label={title}>
        {live === undefined ? <Loading what={title.toLowerCase()} /> : <Rates {...shown} stack={live.series.stack(dim, name, look.top, Date.now() / 1000)} earlier={undefined} />}
      </section>
    )
  }
  return <Panel title={title} wide headed answer={answer} menu={shown.menu}>{() => stored !== undefined && <Rates {...shown} stack={stored} earlier={earlier} />}</Panel>
}

/** The largest of something with their part of the total. */
export function GroupsPanel({ name, context }: { readonly name: 'talkers' | 'ports' | 'protocols' | 'exporters'; readonly context: PanelContext }): React.ReactNode {
  const { asked, dim, by, looks, menuOf, onOnly } = context
  const field = { talkers: dim, ports: 'dst_port', protocols: 'proto', exporters: 'exporter_addr' }[name]
  const look = looks[name] ?? usualLook
  const answer = useGroups(asked, [field], by, look.top)
  const title = name === 'talkers' ? `Largest by ${dimensionName(dim)}` : panelTitles[name]
  const Shape = name === 'talkers' || name === 'protocols' ? Donut : Bars
  return (
    <Panel title={title} answer={answer} menu={menuOf(name, title, false)}>
      {(data) => {
        // While another question is under way, the answer is to the one before.
        const own = data.columns.slice(0, 1).map((column) => column.name)
        return <Shape data={sharesOf(data, own, by)} label={title} measure={by} others={look.others} onOnly={({ cells }) => { if (cells !== undefined) onOnly(own, cells) }} />
      }}
    </Panel>
  )
}

/** From source to destination, by what both have of the chosen dimension. */
export function PairsPanel({ context }: { readonly context: PanelContext }): React.ReactNode {
  const { asked, dim, by, looks, menuOf, onOnly } = context
  const part = /^(?:src|dst)_(?!port)(.+)$/.exec(dim)?.[1] ?? 'name'
  const look = looks.pairs ?? usualLook
  const answer = useAnswer<GroupsAnswer>('/api/v1/topology', asked, { scope: part, by, limit: look.top })
  const title = panelTitles.pairs
  return (
    <Panel title={title} wide answer={answer} menu={menuOf('pairs', title, false)}>
      {(data) => <Pairs data={data} by={by} others={look.others} onOnly={onOnly} title={title} />}
    </Panel>
  )
}

interface PairsProps {
  readonly data: GroupsAnswer
  readonly by: Measure
  readonly others: boolean
  readonly title: string
  readonly onOnly: PanelContext['onOnly']
}

function Pairs({ data, by, others, title, onOnly }: PairsProps): React.ReactNode {
  const own = useMemo(() => data.columns.slice(0, 2).map(({ name }) => name), [data])
  const shares = useMemo(() => sharesOf(data, own, by), [data, own, by])
  const only = ({ cells }: Share): void => { if (cells !== undefined) onOnly(own, cells) }
  return (
    <div className="pairs">
      <Sankey data={shares} fields={own} measure={by} others={others} onOnly={only} />
      <Bars data={shares} label={title} measure={by} others={others} onOnly={only} />
    </div>
  )
}
