import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Series } from '../../../../../src/api/published.ts'
import { request, type Query } from '../../../api/client.ts'
import { useStale } from '../../../api/use-stale.ts'
import { Chart, type MarkProps } from '../../../parts/chart.tsx'
import { isoOfSeconds } from '../../../parts/format.ts'
import { LoadingChart } from '../../../parts/states.tsx'
import { flowsText } from '../../../parts/flows/text.ts'
import { rate } from '../overview/names.ts'
import { stackOf } from '../overview/sums.ts'

const measure = 'bytes'

/** All traffic of the conversations. It is known before the list. */
export default function ConversationVolume({
  query,
  onSpan,
  marks,
}: {
  query: Query
  onSpan: (from: string, to: string) => void
  marks: MarkProps
}): React.ReactNode {
  const answer = useQuery({
    queryKey: ['conversations', 'volume', query],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<Series>('/api/v1/series', { signal, query }),
  })
  const { data, isError } = answer
  const stale = useStale(query, answer, data)
  const stack = useMemo(() => (data === undefined ? undefined : stackOf(data, '', measure)), [data])
  // The list has the same error.
  if (stack === undefined) return isError ? null : <LoadingChart />
  const { times, total, unknown } = stack
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={flowsText.volume}>
      <Chart
        label={flowsText.bytesPerSecond}
        times={times}
        series={[total]}
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
