import { Chart, type ChartProps } from './chart.tsx'
import { count, isoOfSeconds } from './format.ts'

type CountsChartProps = Pick<ChartProps, 'label' | 'times' | 'series' | 'unknown' | 'marks' | 'height' | 'menu'> &
  Readonly<{ onSpan: (from: string, to: string) => void }>

/** Properties of a chart that makes the series of sums. */
export type SumsChartProps<Sums> = Omit<CountsChartProps, 'label' | 'times' | 'series' | 'unknown'> &
  Readonly<{ sums: Sums; label?: string }>

/** Numbers of rows over time. A drag selects a range. */
export function CountsChart({ onSpan, ...chart }: CountsChartProps): React.ReactNode {
  return (
    <Chart stacked format={whole} onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))} {...chart} />
  )
}

const whole = (value: number) => (Number.isInteger(value) ? count(value) : '')
