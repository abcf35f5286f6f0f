import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { DeadLetter, DeadLetterReason, DroppedLetters, RetriedLetters } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { asApiError, type ApiError } from '../../api/problem.ts'
import { bySink, keyOf, partsOf, type Verb } from './letters.ts'

const pageSize = 200
const maxRefreshed = 5
export const maxReasons = 100

type Letters = Readonly<{
  letters: readonly DeadLetter[] | undefined
  more: boolean
  error: Error | null
  /** The letters are of the previous selection. */
  isPrevious: boolean
  still: boolean
  next: () => void
  again: () => void
}>

export function useReasons(sink: string): UseQueryResult<readonly DeadLetterReason[]> {
  return useQuery({
    queryKey: ['dead-letters', 'reasons', sink],
    placeholderData: keepPreviousData,
    refetchInterval: 3000,
    queryFn: ({ signal }) =>
      request<readonly DeadLetterReason[]>('/api/v1/dead-letters/reasons', {
        signal,
        query: { sink, limit: maxReasons },
      }),
  })
}

export function useLetters(sink: string, reason: string): Letters {
  const { data, error, hasNextPage, isFetching, isPlaceholderData, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['dead-letters', 'list', sink, reason],
    placeholderData: keepPreviousData,
    initialPageParam: '',
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= maxRefreshed ? 3000 : false),
    queryFn: ({ signal, pageParam: after }) =>
      request<readonly DeadLetter[]>('/api/v1/dead-letters', {
        signal,
        query: { sink, reason, limit: pageSize, bodies: 'false', after },
      }),
    getNextPageParam: (page: readonly DeadLetter[]) => {
      const last = page.at(-1)
      return page.length < pageSize || last === undefined ? undefined : `${last.time}/${keyOf(last)}`
    },
  })
  // A letter rejected again during paging appears on two pages.
  const letters = useMemo(
    () =>
      data === undefined
        ? undefined
        : [...new Map(data.pages.flat().map((letter) => [keyOf(letter), letter])).values()],
    [data],
  )
  const next = useCallback(() => {
    if (hasNextPage && !isFetching) fetchNextPage().catch(reportError)
  }, [hasNextPage, isFetching, fetchNextPage])
  return {
    letters,
    more: hasNextPage,
    error,
    isPrevious: isPlaceholderData,
    still: (data?.pages.length ?? 0) > maxRefreshed,
    next,
    again: useCallback(() => {
      refetch().catch(reportError)
    }, [refetch]),
  }
}

const letterPath = (id: string) => `/api/v1/dead-letters/${encodeURIComponent(id)}`

export function useLetter(key: string): UseQueryResult<DeadLetter> {
  const { sink, id } = partsOf(key)
  return useQuery({
    queryKey: ['dead-letter', key],
    refetchInterval: 2000,
    queryFn: ({ signal }) => request<DeadLetter>(letterPath(id), { signal, query: { sink } }),
  })
}

type Moved = Readonly<{
  verb: Verb
  keys: readonly string[]
  count: number
}>

const maxFollowed = 50

export function useOutcomes(moved: Moved | undefined): readonly DeadLetter[] {
  const keys = moved === undefined || moved.verb === 'drop' ? [] : moved.keys.slice(0, maxFollowed)
  const { data = [] } = useQuery<readonly DeadLetter[]>({
    queryKey: ['outcomes', keys],
    enabled: keys.length > 0,
    staleTime: 0,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data?.every((letter) => letter.state !== 'retrying') === true ? false : 700),
    queryFn: ({ signal }) =>
      Promise.all(
        keys.map((key) =>
          request<DeadLetter>(letterPath(partsOf(key).id), { signal, query: { sink: partsOf(key).sink } }),
        ),
      ),
  })
  return data
}

async function send(verb: Verb, sink: string, body: object): Promise<number> {
  const path = `/api/v1/dead-letters/${encodeURIComponent(sink)}/${verb}`
  const result = await request<RetriedLetters | DroppedLetters>(path, { method: 'POST', body })
  return 'retried' in result ? result.retried : result.dropped
}

type Moving = Readonly<{
  busy: boolean
  refused: ApiError | undefined
  moved: Moved | undefined
  /** `group`: all its letters; then `keys` are those with a followed outcome. */
  move: (verb: Verb, keys: readonly string[], group?: DeadLetterReason) => Promise<void>
  edit: (key: string, body: object) => Promise<boolean>
  forget: () => void
}>

export function useMoving(): Moving {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<ApiError>()
  const [moved, setMoved] = useState<Moved>()
  const act = useCallback(
    async (verb: Verb, keys: readonly string[], send: () => Promise<number>) => {
      setBusy(true)
      setRefused(undefined)
      try {
        const count = await send()
        setMoved({ verb, keys, count })
        return true
      } catch (error) {
        setRefused(asApiError(error))
        return false
      } finally {
        setBusy(false)
        for (const of of ['dead-letters', 'dead-letter', 'ledger', 'outcomes'])
          client.invalidateQueries({ queryKey: [of] }).catch(reportError)
      }
    },
    [client],
  )
  const move = useCallback(
    async (verb: Verb, keys: readonly string[], group?: DeadLetterReason) => {
      await act(verb, keys, async () => {
        // Letters that were rejected after the confirmation stay.
        if (group !== undefined) return send(verb, group.sink, { reason: group.reason, until: group.newest })
        let count = 0
        for (const [sink, ids] of bySink(keys)) count += await send(verb, sink, { ids })
        return count
      })
    },
    [act],
  )
  const edit = useCallback(
    (key: string, body: object) => {
      const { sink, id } = partsOf(key)
      return act(
        'retry',
        [key],
        async () =>
          (
            await request<RetriedLetters>(`/api/v1/dead-letters/${encodeURIComponent(sink)}/edit`, {
              method: 'POST',
              body: { id, body },
            })
          ).retried,
      )
    },
    [act],
  )
  return {
    busy,
    refused,
    moved,
    move,
    edit,
    forget: useCallback(() => {
      setMoved(undefined)
      setRefused(undefined)
    }, []),
  }
}
