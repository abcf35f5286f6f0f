import { useMemo } from 'react'
import { useAlertPreview, type AlertPreview, type AlertSettings } from '../../api/alerts.ts'
import { asApiError } from '../../api/problem.ts'
import { Chart, type ChartMark } from '../../parts/chart.tsx'
import { count, counted, duration, time, volume } from '../../parts/format.ts'
import { Loading } from '../../parts/states.tsx'
import { alertRulesText } from '../../text/alert-rules.ts'
import { conditionBeyond } from './form.ts'
import { shownLabels } from '../../parts/alerts/words.ts'

const listed = 8
const leastBefore = 10

export function PreviewOfDay({
  settings,
  onCondition,
}: {
  settings: AlertSettings
  onCondition: (condition: string) => void
}): React.ReactNode {
  const { data, error } = useAlertPreview(settings)
  return (
    <section className="alert-preview" aria-label={alertRulesText.previewOf}>
      <h3>{alertRulesText.preview}</h3>
      {error !== null ? (
        <p role="status" className="warning">
          {asApiError(error).message} {asApiError(error).hints.join(' ')}
        </p>
      ) : data === undefined ? (
        <Loading what={alertRulesText.previewOf} />
      ) : (
        <Previewed of={data} settings={settings} onCondition={onCondition} />
      )}
    </section>
  )
}

function Previewed({
  of: {
    values: all,
    first,
    firings,
    threshold,
    unit,
    per_second: perSecond,
    peak,
    peak_text: peakText,
    step_seconds: step,
  },
  settings: { condition, measure },
  onCondition,
}: {
  of: AlertPreview
  settings: AlertSettings
  onCondition: (condition: string) => void
}) {
  const values = useMemo(() => fromFirst(all), [all])
  const times = useMemo(() => values.map(({ time: at }) => at), [values])
  const series = useMemo(() => [{ name: measure ?? '', values: values.map(({ value }) => value) }], [values, measure])
  const lines = useMemo(
    () =>
      threshold === null
        ? []
        : [{ name: alertRulesText.threshold(condition ?? ''), values: values.map(() => threshold) }],
    [threshold, values, condition],
  )
  const marks = useMemo(
    () =>
      first.map(({ from, to, labels }): ChartMark => ({
        is: 'alert',
        since: Date.parse(from) / 1000,
        at: to === null ? (times.at(-1) ?? 0) : Date.parse(to) / 1000,
        text: shownLabels(labels),
      })),
    [first, times],
  )
  const format = useMemo(() => formatOf({ unit, perSecond }), [unit, perSecond])
  const proposed = threshold === null && peak !== null ? conditionBeyond(peak, { unit, perSecond }) : undefined
  return (
    <>
      <p role="status">
        {threshold !== null && (
          <b className={firings > 0 ? 'warning' : 'good'}>
            {firings > 0 ? alertRulesText.previewFired(counted(firings, 'time')) : alertRulesText.previewNone}{' '}
          </b>
        )}
        {alertRulesText.previewPeak(peakText)}
        <span className="dim"> {alertRulesText.previewEvery(duration(step * 1000))}</span>
      </p>
      {proposed !== undefined && (
        <button type="button" onClick={() => onCondition(proposed)}>
          {alertRulesText.use(proposed)}
        </button>
      )}
      <Chart
        label={alertRulesText.previewOf}
        times={times}
        series={series}
        lines={lines}
        marks={marks}
        stacked={false}
        height={130}
        format={format}
      />
      <ul className="alert-lines">
        {first.slice(0, listed).map(({ from, to, labels, value_text: text }) => (
          <li key={`${from} ${JSON.stringify(labels)}`}>
            <span className="what">
              <span className="mono">
                {time(from)} – {to === null ? alertRulesText.still : time(to)}
              </span>{' '}
              <b className="number">{text}</b> <span className="dim">{shownLabels(labels)}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Without the time before the first rows of a young server. */
function fromFirst(values: AlertPreview['values']): AlertPreview['values'] {
  const first = values.findIndex(({ value }) => value !== null)
  return first < 0 ? values : values.slice(Math.max(0, first - leastBefore))
}

function formatOf({ unit, perSecond }: Readonly<{ unit: string; perSecond: boolean }>): (value: number) => string {
  const rate = perSecond ? '/s' : ''
  if (unit === 'By') return (value) => `${volume(value)}${rate}`
  const perMs: Readonly<Record<string, number>> = { ns: 1e6, us: 1e3, ms: 1, s: 1e-3 }
  const size = perMs[unit]
  if (size !== undefined) return (value) => duration(value / size)
  return (value) => `${value < 10 ? String(Number(value.toPrecision(2))) : count(Math.round(value))}${rate}`
}
