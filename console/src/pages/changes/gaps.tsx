import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { ask } from '../../api/client.ts'
import type { ChangeGap, ChangeGaps, Span } from '../../api/objects.ts'
import { useMe } from '../../api/queries.ts'
import type { ChartMark } from '../../parts/chart.tsx'
import { count, counted, time } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'

const none: ChangeGaps = { gaps: [], total: 0 }

/** Where a comparison with the server found what no watch had told. Who may not see every namespace is told of none. */
export function useGaps(clusters: readonly string[], span: Span | undefined, revision: string): ChangeGaps {
  const me = useMe()
  const { data } = useQuery({
    queryKey: ['change-gaps', clusters, span, revision],
    enabled: span !== undefined && me.data?.namespaces === null,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      ask<ChangeGaps>('/api/v1/changes/gaps', {
        signal,
        query: { cluster: clusters.join(','), from: span?.from, to: span?.to },
      }),
  })
  return data ?? none
}

export function useGapMarks({ gaps }: ChangeGaps): readonly ChartMark[] {
  return useMemo(
    () =>
      gaps.map((gap) => ({
        is: 'gap',
        at: Date.parse(gap.time) / 1000,
        ...(gap.since === null ? {} : { since: Date.parse(gap.since) / 1000 }),
        says: gapText(gap),
      })),
    [gaps],
  )
}

/** How much differed, and why. */
export function gapText({ cluster, group, resource, missing, stale, extra, cause }: ChangeGap): string {
  const sizes = [
    missing > 0 && `${count(missing)} not known`,
    stale > 0 && `${count(stale)} in an older state`,
    extra > 0 && `${count(extra)} gone already`,
  ].filter((part) => part !== false)
  return `${group === '' ? resource : `${resource}.${group}`} of ${cluster}: ${sizes.join(', ')}; ${cause}`
}

/** The same as the marks on the timeline, as a list. */
export function Gaps({
  of: { gaps, total },
  onSpan,
}: {
  readonly of: ChangeGaps
  readonly onSpan: (from: string, to: string) => void
}): React.ReactNode {
  if (total === 0) return null
  return (
    <Popover
      name="Gaps"
      className="gaps"
      label={
        <>
          <span aria-hidden="true">◆</span> {counted(total, 'gap')}
        </>
      }
    >
      {(close) => (
        <>
          <p>
            What is known was compared with the server, and differed. It was listed again at once: what is missing from
            the time before came then, several changes as one.
          </p>
          <ul>
            {gaps.map((gap) => (
              <li key={gap.pos}>
                <span>{gapText(gap)}</span>
                <span className="dim">
                  {gap.since === null ? (
                    'found'
                  ) : (
                    <>
                      between <span className="mono">{time(gap.since)}</span> and
                    </>
                  )}{' '}
                  <span className="mono">{time(gap.time)}</span>
                </span>
                <button
                  type="button"
                  onClick={() => {
                    close()
                    onSpan(
                      gap.since ?? new Date(Date.parse(gap.time) - 3_600_000).toISOString(),
                      new Date(Date.parse(gap.time) + 60_000).toISOString(),
                    )
                  }}
                >
                  Show this time
                </button>
              </li>
            ))}
          </ul>
          {total > gaps.length && <p className="dim">The newest {count(gaps.length)}.</p>}
        </>
      )}
    </Popover>
  )
}
