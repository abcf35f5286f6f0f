import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Query } from '../../api/client.ts'
import {
  readForecast,
  readMovers,
  readSpend,
  readTags,
  type SpendForecast,
  type SpendMovers,
  type SpendSums,
  type SpendTags,
} from './requests.ts'
import { selectionOf, type SpendState } from './state.ts'
import { daysBefore, stepOf, type Days } from './days.ts'

/** Groups of the chart and its table, and of the comparison. The treemap folds more than its largest. */
const [chartGroups, mapGroups, comparedGroups, moverGroups] = [8, 60, 1000, 5] as const

type Ask<T> = Readonly<{
  name: string
  query: Query
  enabled: boolean
  read: (query: Query, signal: AbortSignal) => Promise<T>
}>

function useAnswer<T>({ name, query, enabled, read }: Ask<T>): UseQueryResult<T> {
  return useQuery<T>({
    queryKey: ['spend', name, query],
    enabled,
    staleTime: 60_000,
    placeholderData: keepPreviousData as never,
    queryFn: ({ signal }) => read(query, signal),
  })
}

type SpendAnswers = Readonly<{
  now: UseQueryResult<SpendSums>
  before: UseQueryResult<SpendSums>
  parts: UseQueryResult<SpendSums>
  allocation: UseQueryResult<SpendSums>
  movers: UseQueryResult<SpendMovers>
  forecast: UseQueryResult<SpendForecast>
  /** Only while a tag is chosen. */
  tags: UseQueryResult<SpendTags>
}>

export function useSpend(state: SpendState, days: Days): SpendAnswers {
  const by = state.by === 'tag' ? `tag:${state.tag}` : state.by
  const enabled = state.by !== 'tag' || state.tag !== ''
  const filters = selectionOf(state)
  const selection = { ...filters, by }
  const before = daysBefore(days)
  const sums = (query: Query): Ask<SpendSums> => ({ name: 'sums', query, enabled, read: readSpend })
  return {
    now: useAnswer(sums({ ...selection, ...days, step: stepOf(state.span), limit: chartGroups })),
    before: useAnswer(sums({ ...selection, ...before, limit: comparedGroups })),
    parts: useAnswer(sums({ ...selection, ...days, limit: mapGroups })),
    allocation: useAnswer(sums({ ...filters, ...days, by: 'allocation' })),
    movers: useAnswer({
      name: 'movers',
      query: { ...selection, ...days, before_from: before.from, before_to: before.to, limit: moverGroups },
      enabled,
      read: readMovers,
    }),
    tags: useAnswer({ name: 'tags', query: { ...filters, ...days }, enabled: !enabled, read: readTags }),
    forecast: useAnswer({ name: 'forecast', query: filters, enabled, read: readForecast }),
  }
}
