import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { DeadLetter } from '../../../../src/api/published.ts'
import { ask } from '../../api/client.ts'
import { asRefused, type Refused } from '../../api/problem.ts'
import { bySink, keyOf, partsOf, type Verb } from './letters.ts'

const pageSize = 200
/** Letters are asked for anew as long as that is little; who has gone further down has them as they were, and asks himself. */
const mostRefreshed = 5

export interface Letters {
  /** Newest first; undefined: not known yet. */
  readonly letters: readonly DeadLetter[] | undefined
  readonly more: boolean
  readonly error: Error | null
  /** They are not asked for anew by themselves. */
  readonly still: boolean
  readonly next: () => void
  readonly again: () => void
}

/** Letters of a sink, or of all, page by page to the last. */
export function useLetters(sink: string): Letters {
  const { data, error, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['dead-letters', sink],
    placeholderData: keepPreviousData,
    initialPageParam: '',
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= mostRefreshed ? 3000 : false),
    queryFn: ({ signal, pageParam: after }) =>
      ask<readonly DeadLetter[]>('/api/v1/dead-letters', {
        signal,
        query: { sink, limit: pageSize, bodies: 'false', after },
      }),
    getNextPageParam: (page: readonly DeadLetter[]) => {
      const last = page.at(-1)
      return page.length < pageSize || last === undefined ? undefined : `${last.time}/${keyOf(last)}`
    },
  })
  // A letter that was refused again while pages were asked for stands in two of them.
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
    still: (data?.pages.length ?? 0) > mostRefreshed,
    next,
    again: useCallback(() => {
      refetch().catch(reportError)
    }, [refetch]),
  }
}

const letterPath = (id: string): string => `/api/v1/dead-letters/${encodeURIComponent(id)}`

/** One letter with its body, also when it was settled since. `key` is `<sink>/<id>`. */
export function useLetter(key: string): UseQueryResult<DeadLetter> {
  const { sink, id } = partsOf(key)
  return useQuery({
    queryKey: ['dead-letter', key],
    refetchInterval: 2000,
    queryFn: ({ signal }) => ask<DeadLetter>(letterPath(id), { signal, query: { sink } }),
  })
}

/** Letters that were moved by somebody at this page, and how many of them are followed. */
export interface Moved {
  readonly verb: Verb
  readonly keys: readonly string[]
  readonly count: number
}

const mostFollowed = 50

/** What became of letters that were moved: asked until each is settled or open again. */
export function useFate(moved: Moved | undefined): readonly DeadLetter[] {
  const keys = moved === undefined || moved.verb === 'drop' ? [] : moved.keys.slice(0, mostFollowed)
  const { data = [] } = useQuery<readonly DeadLetter[]>({
    queryKey: ['fate', keys],
    enabled: keys.length > 0,
    staleTime: 0,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data?.every((letter) => letter.state !== 'retrying') === true ? false : 700),
    queryFn: ({ signal }) =>
      Promise.all(
        keys.map((key) => ask<DeadLetter>(letterPath(partsOf(key).id), { signal, query: { sink: partsOf(key).sink } })),
      ),
  })
  return data
}

export interface Moving {
  readonly busy: boolean
  readonly refused: Refused | undefined
  readonly moved: Moved | undefined
  readonly move: (verb: Verb, keys: readonly string[]) => Promise<void>
  /** With another body; resolves to whether it was taken. */
  readonly edit: (key: string, body: object) => Promise<boolean>
  readonly forget: () => void
}

export function useMoving(): Moving {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused>()
  const [moved, setMoved] = useState<Moved>()
  const act = useCallback(
    async (verb: Verb, keys: readonly string[], send: () => Promise<number>): Promise<boolean> => {
      setBusy(true)
      setRefused(undefined)
      try {
        const count = await send()
        setMoved({ verb, keys, count })
        return true
      } catch (error) {
        setRefused(asRefused(error))
        return false
      } finally {
        setBusy(false)
        for (const of of ['dead-letters', 'dead-letter', 'ledger', 'fate'])
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
          const answer = await ask<{ readonly retried?: number; readonly dropped?: number }>(
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
            await ask<{ readonly retried: number }>(`/api/v1/dead-letters/${encodeURIComponent(sink)}/edit`, {
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
