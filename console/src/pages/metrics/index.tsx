import { lazy, Suspense, useMemo } from 'react'
import { useTrafficMarks } from '../../parts/why/marks.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { FindBox } from '../../parts/find-box.tsx'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { Popover } from '../../parts/popover.tsx'
import { RefreshButton, UnreadNotice } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { metricFunctionNames, metricsText } from '../../parts/metrics/text.ts'
import { whyText } from '../../parts/why/text.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { earlierSeconds, earlierTexts, earlierTimes } from '../../parts/earlier.ts'
import { generalText } from '../../text/general.ts'
import { MetricChart } from './chart.tsx'
import { expressionOf, functionOf, functionsOf, kindOf, unitOf } from '../../parts/metrics/expression.ts'
import { MetricList } from './list.tsx'
import { spanOf, useLabels, useLines, useMetrics } from '../../parts/metrics/queries.ts'
import { metricsCodec, type MetricsState } from './state.ts'
import './metrics.css'

const WhyDrawer = lazy(async () => ({ default: (await import('../../parts/why/why-drawer.tsx')).WhyDrawer }))

/** Four steps, so that a window has samples of each of them. */
const [windowSteps, leastWindow] = [4, 60]

/** The list of metrics. */
const closed = { m: '', fn: 'auto', by: [], where: '', expr: '', why: false, before: '' } as const

type Set = (changed: Partial<MetricsState>, how?: 'replace') => void

export default function MetricsPage(): React.ReactNode {
  useTitle(metricsText.metrics)
  const { state, unread, set } = usePageState(metricsCodec)
  const { m, t, refresh } = state
  const { revision, again } = useRefresh(isMoving(t) ? refresh : 0)
  const metrics = useMetrics(t, revision)
  const isOpen = m !== '' || state.expr !== ''
  const { type = '', help = '' } = metrics.data?.find(({ name }) => name === m) ?? {}
  const shown = shownOf(state, type)
  return (
    <div className="page metrics">
      <h1 className="spoken">{metricsText.metrics}</h1>
      <div className="page-bar">
        {isOpen ? (
          <button type="button" onClick={() => set(closed)}>
            {metricsText.allMetrics}
          </button>
        ) : (
          <FindBox q={state.q} label={metricsText.find} hint={metricsText.findHint} onChange={(q) => set({ q })} />
        )}
        <TimeControl frame={state} onChange={set} />
        {isOpen && <ChartActs state={state} set={set} shown={shown} />}
        <RefreshButton onClick={again} />
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {isOpen ? (
        <OpenMetric state={state} set={set} shown={shown} help={help} revision={revision} />
      ) : (
        <MetricList metrics={metrics} q={state.q} onOpen={({ name }) => set({ m: name })} onRetry={again} />
      )}
    </div>
  )
}

type Shown = ReturnType<typeof shownOf>

function shownOf({ m, fn, by, where, t, expr }: MetricsState, type: string) {
  const kind = kindOf(m, type)
  const window = Math.max(leastWindow, windowSteps * spanOf(t).step)
  const composed = m === '' ? '' : expressionOf({ metric: m, kind, fn, by, where, window })
  const expression = expr === '' ? composed : expr
  return { kind, composed, expression, isHeat: expr === '' && functionOf(fn, kind) === 'heatmap' }
}

type ChartActsProps = Readonly<{ state: MetricsState; set: Set; shown: Shown }>

function ChartActs({ state: { m, t, why }, set, shown: { expression, isHeat } }: ChartActsProps) {
  return (
    <>
      <button type="button" title={whyText.hintMetric} aria-pressed={why} onClick={() => set({ why: !why })}>
        {whyText.title}
      </button>
      <AddToDashboard
        of={{
          t,
          panel: {
            kind: 'metric',
            title: m === '' ? expression : m,
            queries: [{ expr: expression, legend: '' }],
            ...(isHeat ? { view: 'heatmap' } : {}),
          },
        }}
      />
    </>
  )
}

type OpenProps = ChartActsProps & Readonly<{ help: string; revision: number }>

function OpenMetric({ state, set, shown, help, revision }: OpenProps) {
  const { m, fn, t, expr, why, before } = state
  const { kind, composed, expression, isHeat } = shown
  const lines = useLines(expression, t, revision)
  const earlier = useLines(before === '' ? '' : expression, t, revision, earlierSeconds[before])
  const found = useTrafficMarks({ from: t.from, to: t.to }, 0)
  return (
    <>
      <div className="page-line">
        {m !== '' && <Selections state={state} set={set} kind={kind} help={help} />}
        <div className="end">
          <LabelledSelect
            label={generalText.compareWith}
            labelAs="spoken"
            value={before}
            values={earlierTimes}
            textOf={(time) => earlierTexts[time]}
            disabled={isHeat}
            title={isHeat ? metricsText.linesCompared : undefined}
            onChange={(chosen) => set({ before: chosen })}
          />
        </div>
      </div>
      <div className="page-line">
        <FindBox
          q={expression}
          label={metricsText.expression}
          hint={metricsText.expressionHint}
          onChange={(typed) => set({ expr: typed === composed ? '' : typed })}
        />
      </div>
      <div className="page-body">
        <MetricChart
          lines={lines}
          earlier={before === '' || isHeat ? undefined : { lines: earlier, text: earlierTexts[before] }}
          drawn={isHeat ? 'heatmap' : 'lines'}
          label={expression}
          unit={expr === '' ? unitOf({ metric: m, kind, fn }) : ''}
          marks={found}
          onSpan={(from, to) => set({ t: { from, to } })}
          onAll={() => set(closed)}
        />
        {why && (
          <Suspense fallback={null}>
            <WhyDrawer query={{ promql: expression, from: t.from, to: t.to }} onClose={() => set({ why: false })} />
          </Suspense>
        )}
      </div>
    </>
  )
}

type SelectionsProps = Pick<OpenProps, 'state' | 'set' | 'help'> & Readonly<{ kind: ReturnType<typeof kindOf> }>

/** A change of one replaces the expression. */
function Selections({ state: { m, fn, by, where, t }, set, kind, help }: SelectionsProps) {
  const labels = useLabels(m, t)
  const offered = useMemo(() => [...new Set([...by, ...labels])], [by, labels])
  return (
    <>
      <b className="mono" title={help}>
        {m}
      </b>
      <LabelledSelect
        label={metricsText.function}
        value={functionOf(fn, kind)}
        values={functionsOf[kind]}
        textOf={(name) => metricFunctionNames[name]}
        onChange={(chosen) => set({ fn: chosen, expr: '' })}
      />
      <Popover
        name={metricsText.groupBy}
        label={
          <>
            {by.length === 0 ? metricsText.groupBy : by.join(', ')} <span aria-hidden="true">▾</span>
          </>
        }
      >
        {() => (
          <div className="picker-list">
            {offered.length === 0 && <p className="dim pad">{metricsText.noLabels}</p>}
            {offered.map((name) => (
              <div key={name} className="picker-row">
                <label>
                  <input
                    type="checkbox"
                    checked={by.includes(name)}
                    onChange={() =>
                      set({ by: by.includes(name) ? by.filter((label) => label !== name) : [...by, name], expr: '' })
                    }
                  />
                  <span className="mono">{name}</span>
                </label>
              </div>
            ))}
          </div>
        )}
      </Popover>
      <FindBox
        q={where}
        label={metricsText.where}
        hint={metricsText.whereHint}
        onChange={(typed) => set({ where: typed, expr: '' })}
      />
    </>
  )
}
