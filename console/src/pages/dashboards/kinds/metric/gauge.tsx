import type { Panel } from '../../../../parts/dashboards/definition.ts'
import { toneAt } from '../../../../parts/dashboards/units.ts'

const [width, height, thick] = [150, 84, 14] as const
const radius = 64
const length = Math.PI * radius

type GaugeProps = Readonly<{
  name: string
  value: number
  text: string
  panel: Pick<Panel, 'min' | 'max' | 'unit' | 'thresholds'>
}>

/** Percents end at 100 %, other units at the largest threshold or a power of ten. */
export function endOf({ max, unit, thresholds }: GaugeProps['panel'], value: number): number {
  if (max !== null) return max
  if (unit === 'percent') return Math.max(100, value)
  if (unit === 'ratio') return Math.max(1, value)
  const highest = thresholds.at(-1)?.at ?? 0
  return highest > 0 && value <= highest * 1.25 ? highest * 1.25 : 10 ** Math.ceil(Math.log10(Math.max(value, 1)))
}

export function Gauge({ name, value, text, panel }: GaugeProps): React.ReactNode {
  const from = panel.min ?? 0
  const to = endOf(panel, value)
  const share = Number.isFinite(value) && to > from ? Math.max(0, Math.min(1, (value - from) / (to - from))) : 0
  const tone = toneAt(value, panel.thresholds)
  const arc = `M ${width / 2 - radius} ${height - 6} A ${radius} ${radius} 0 0 1 ${width / 2 + radius} ${height - 6}`
  return (
    <div
      className="gauge"
      role="meter"
      aria-label={name}
      aria-valuemin={from}
      aria-valuemax={to}
      aria-valuenow={Number.isFinite(value) ? Math.max(from, Math.min(to, value)) : from}
      aria-valuetext={text}
    >
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        <path d={arc} fill="none" stroke="var(--line)" strokeWidth={thick} />
        <path
          d={arc}
          fill="none"
          stroke={`var(--${tone ?? 'accent'})`}
          strokeWidth={thick}
          strokeDasharray={`${share * length} ${length}`}
        />
      </svg>
      <b className="number">{text}</b>
      <span className="dim" title={name}>
        {name}
      </span>
    </div>
  )
}
