import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { DeadLetter } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { asApiError, type ApiError } from '../../api/problem.ts'
import { bySink, keyOf, partsOf, type Verb } from './letters.ts'

const pageSize = 200
const maxRefreshed = 5

type Letters = Readonly<{
  letters: readonly DeadLetter[] | undefined
  more: boolean
  error: Error | null
  still: boolean
  next: () => void
  again: () => void
}>

export function useLetters(sink: string): Letters {
  const { data, error, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['dead-letters', sink],
    placeholderData: keepPreviousData,
    initialPageParam: '',
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= maxRefreshed ? 3000 : false),
    queryFn: ({ signal, pageParam: after }) =>
      request<readonly DeadLetter[]>('/api/v1/dead-letters', {
        signal,
        query: { sink, limit: pageSize, bodies: 'false', after },
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

type Moving = Readonly<{
  busy: boolean
  refused: ApiError | undefined
  moved: Moved | undefined
  move: (verb: Verb, keys: readonly string[]) => Promise<void>
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
    async (verb: Verb, keys: readonly string[]) => {
      await act(verb, keys, async () => {
        let count = 0
        for (const [sink, ids] of bySink(keys)) {
          const answer = await request<Readonly<{ retried?: number; dropped?: number }>>(
            `/api/v1/dead-letters/${encodeURIComponent(sink)}/${verb}`,
            { method: 'POST', body: { ids } },
          )
          count += answer.retried ?? answer.dropped ?? 0
        }
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
            await request<{ readonly retried: number }>(`/api/v1/dead-letters/${encodeURIComponent(sink)}/edit`, {
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
