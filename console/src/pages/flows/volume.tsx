import { useMemo } from 'react'
import type { Series } from '../../../../src/api/published.ts'
import { Chart, type MarkProps } from '../../parts/chart.tsx'
import { isoOfSeconds } from '../../parts/format.ts'
import { rate } from './overview/names.ts'
import { stackOf } from './overview/sums.ts'
import { flowsText } from '../../text/flows.ts'

type VolumeProps = Readonly<{
  answer: Series
  onSpan: (from: string, to: string) => void
  marks: MarkProps
}>

const measure = 'bytes'

/** The chart of the overview over the flows of the table. */
export default function Volume({ answer, onSpan, marks }: VolumeProps): React.ReactNode {
  const { times, series, total, unknown } = useMemo(
    () => stackOf(answer, answer.columns[2]?.name ?? '', measure),
    [answer],
  )
  const lines = useMemo(() => [total], [total])
  return (
    <section className="panel volume" aria-label={flowsText.volume}>
      <Chart
        label={flowsText.volumeBySource}
        times={times}
        series={series}
        lines={lines}
        unknown={unknown}
        stacked
        height={112}
        format={bytesPerSecond}
        {...marks}
        onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
      />
    </section>
  )
}

const bytesPerSecond = (value: number) => rate(measure, value)
