import { useMemo } from 'react'
import type { Series } from '../../../../src/api/published.ts'
import { Chart, type MarkProps } from '../../parts/chart.tsx'
import { isoOfSeconds } from '../../parts/format.ts'
import { noteOf } from './overview/earlier.ts'
import { earlierNames } from './overview/earlier-names.ts'
import { rate } from './overview/names.ts'
import type { Earlier } from './overview/state.ts'
import { stackOf } from './overview/sums.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { panelsText } from './overview/text.ts'

type VolumeProps = Readonly<{
  answer: Series
  /** Of the range `seconds` earlier. */
  earlier: Readonly<{ answer: Series; seconds: number; before: Earlier }> | undefined
  /** Of another filter or range than the page. */
  stale: boolean
  onSpan: (from: string, to: string) => void
  marks: MarkProps
  menu: React.ReactNode
}>

const measure = 'bytes'

/** The chart of the overview over the flows of the table. */
export default function Volume({ answer, earlier, stale, onSpan, marks, menu }: VolumeProps): React.ReactNode {
  const { times, series, total, unknown } = useMemo(
    () => stackOf(answer, answer.columns[2]?.name ?? '', measure),
    [answer],
  )
  const lines = useMemo(() => {
    if (earlier === undefined) return [total]
    const { values } = stackOf(earlier.answer, '', measure, earlier.seconds).total
    return [
      { ...total, earlier: values },
      { name: panelsText.totalEarlier(earlierNames[earlier.before]), values: times.map((_, at) => values[at] ?? null) },
    ]
  }, [times, total, earlier])
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={flowsText.volume}>
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
        menu={menu}
        onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
      />
      {earlier !== undefined && <p className="panel-foot dim">{noteOf(earlier.answer, earlier.before)}</p>}
    </section>
  )
}

const bytesPerSecond = (value: number) => rate(measure, value)
