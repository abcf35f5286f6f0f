import { useMemo } from 'react'
import type { ChangeSums } from '../../api/objects.ts'
import { seriesOf } from './series.ts'
import { CountsChart, type SumsChartProps } from '../../parts/counts-chart.tsx'
import { generalText } from '../../text/general.ts'

export function ChangesChart({
  sums,
  label = generalText.changes,
  ...chart
}: SumsChartProps<ChangeSums>): React.ReactNode {
  const counts = useMemo(() => seriesOf(sums), [sums])
  return <CountsChart label={label} {...counts} {...chart} />
}
