import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Investigation, LaneName } from '../../../../src/api/published.ts'
import { pathOf, request, textOf } from '../../api/client.ts'
import { listText } from '../../state/parts.ts'
import { momentOf } from '../../hooks/use-refresh.ts'
import { fixedTimes, type Range } from '../../state/range.ts'
import { arrivedLanes, laneParts } from './lane-parts.ts'

type LaneQuery = Readonly<{ subject: string; t: Range; revision: number }>

function usePart(lanes: readonly string[], { subject, t, revision }: LaneQuery): UseQueryResult<Investigation> {
  const { t: fixed = '' } = fixedTimes({ t: `${t.from}..${t.to}` }, momentOf(revision))
  const [from = t.from, to = t.to] = fixed.split('..')
  return useQuery({
    queryKey: ['investigate', subject, t, revision, lanes],
    enabled: subject !== '',
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<Investigation>('/api/v1/investigate', { signal, query: { subject, from, to, lanes: lanes.join(',') } }),
  })
}

type Answers = Readonly<{
  data: Investigation | undefined
  waiting: readonly LaneName[]
  error: Error | null
  isFetching: boolean
}>

/** All parts have the same times. */
export function useInvestigation(subject: string, t: Range, revision: number): Answers {
  const query = { subject, t, revision }
  const parts = [
    usePart(laneParts[0], query),
    usePart(laneParts[1], query),
    usePart(laneParts[2], query),
    usePart(laneParts[3], query),
  ]
  const arrived = arrivedLanes(parts.map(({ data, isPlaceholderData }) => ({ data, isOld: isPlaceholderData })))
  return {
    data: arrived?.data,
    waiting: arrived?.waiting ?? [],
    error: parts.find(({ error }) => error !== null)?.error ?? null,
    isFetching: parts.some(({ isFetching }) => isFetching),
  }
}

/** The report with links to this console. */
export function reportOf(
  subject: string,
  t: Range,
  { pins, notes }: Readonly<{ pins: readonly string[]; notes: readonly string[] }>,
): Promise<string> {
  const lists = { pins: listText(pins), notes: listText(notes) }
  const query = { subject, from: t.from, to: t.to, format: 'md', base: location.origin, ...lists }
  return textOf(pathOf('/api/v1/investigate', query))
}
