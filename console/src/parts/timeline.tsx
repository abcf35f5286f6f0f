import { BySelect } from './by-select.tsx'
import type { SumsChartProps } from './counts-chart.tsx'
import { generalText } from '../text/general.ts'

type TimelineProps<Sums, By> = Omit<SumsChartProps<Sums>, 'height'> &
  Readonly<{
    chart: (props: SumsChartProps<Sums>) => React.ReactNode
    groupings: readonly By[]
    textOf?: (grouping: By) => string
    onBy: (by: By) => void
    /** True: the data belong to another filter or range than the page. */
    stale?: boolean
  }>

/** The rows of a list over time, with the choice of their groups. */
export function Timeline<Sums extends Readonly<{ by: string }>, By extends string>({
  chart: SumsChart,
  groupings,
  textOf = (grouping) => grouping,
  onBy,
  stale = false,
  menu,
  ...drawn
}: TimelineProps<Sums, By>): React.ReactNode {
  const by = drawn.sums.by as By
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={generalText.timeline}>
      <SumsChart
        height={104}
        menu={
          <>
            <BySelect
              by={by}
              groupings={groupings.includes(by) ? groupings : [by, ...groupings]}
              textOf={textOf}
              onChange={onBy}
            />
            {menu}
          </>
        }
        {...drawn}
      />
    </section>
  )
}
