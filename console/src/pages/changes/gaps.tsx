import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '../../api/client.ts'
import type { ChangeGap, ChangeGaps, Span } from '../../api/objects.ts'
import { useMe } from '../../api/queries.ts'
import type { ChartMark } from '../../parts/chart.tsx'
import { count, counted, time } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import { changesText } from './text.ts'

type Listed = Pick<ChangeGaps, 'gaps' | 'total'>

const none: Listed = { gaps: [], total: 0 }

export function useGaps(clusters: readonly string[], span: Span | undefined, revision: string): Listed {
  const me = useMe()
  const { data } = useQuery({
    queryKey: ['change-gaps', clusters, span, revision],
    enabled: span !== undefined && me.data?.namespaces === null,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<ChangeGaps>('/api/v1/changes/gaps', {
        signal,
        query: { cluster: clusters.join(','), from: span?.from, to: span?.to },
      }),
  })
  return data ?? none
}

export function useGapMarks({ gaps }: Listed): readonly ChartMark[] {
  return useMemo(
    () =>
      gaps.map((gap) => ({
        is: 'gap',
        at: Date.parse(gap.time) / 1000,
        ...(gap.since === null ? {} : { since: Date.parse(gap.since) / 1000 }),
        text: gapText(gap),
      })),
    [gaps],
  )
}

function gapText({ cluster, group, resource, missing, stale, extra, cause }: ChangeGap): string {
  const sizes = [
    missing > 0 && changesText.missingObjects(count(missing)),
    stale > 0 && changesText.staleObjects(count(stale)),
    extra > 0 && changesText.deletedObjects(count(extra)),
  ].filter((part) => part !== false)
  return changesText.gap(group === '' ? resource : `${resource}.${group}`, cluster, sizes.join(', '), cause)
}

export function Gaps({
  of: { gaps, total },
  onSpan,
}: {
  of: Listed
  onSpan: (from: string, to: string) => void
}): React.ReactNode {
  if (total === 0) return null
  return (
    <Popover
      name={changesText.gaps}
      className="gaps"
      label={
        <>
          <span aria-hidden="true">◆</span> {counted(total, 'gap')}
        </>
      }
    >
      {(close) => (
        <>
          <p>{changesText.gapHint}</p>
          <ul>
            {gaps.map((gap) => (
              <li key={gap.pos}>
                <span>{gapText(gap)}</span>
                <span className="dim">
                  {gap.since === null ? (
                    changesText.found
                  ) : (
                    <>
                      {changesText.between} <span className="mono">{time(gap.since)}</span> {changesText.and}
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
                  {changesText.showThisTimeRange}
                </button>
              </li>
            ))}
          </ul>
          {total > gaps.length && <p className="dim">{changesText.newestGaps(count(gaps.length))}</p>}
        </>
      )}
    </Popover>
  )
}
