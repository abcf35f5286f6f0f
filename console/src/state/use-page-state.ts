import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { Codec, Search } from './codec.ts'

export type PageState<S> = Readonly<{
  state: S
  unread: readonly string[]
  /** `push` adds a history entry, `replace` does not. */
  set: (change: Partial<S>, how?: 'push' | 'replace') => void
}>

export function usePageState<S extends object>(codec: Codec<S>): PageState<S> {
  const search: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const { state, unread } = useMemo(() => codec.decode(search), [codec, search])
  const set = useCallback(
    (change: Partial<S>, how: 'push' | 'replace' = 'push') => {
      const next = (before: Search) => codec.encode({ ...codec.decode(before).state, ...change })
      navigate({ to: '.', search: next as never, replace: how === 'replace' }).catch(reportError)
    },
    [codec, navigate],
  )
  return { state, unread, set }
}
