import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ViewColumn } from '../../../../src/api/published.ts'
import { ask } from '../../api/client.ts'
import { asRefused } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import type { Range } from '../../state/range.ts'
import { literal, type Written } from './filter-text.ts'

export interface Suggestion {
  readonly name: string
  readonly detail: string
  /** Replaces the word that is being written. */
  readonly insert: string
}

interface Completed {
  readonly values: readonly { readonly value: unknown; readonly count: number | string }[]
}

const most = 12

/** What the word before the caret could become: fields of the registry, or values of the field as they are in use now. */
export function useSuggestions(fields: readonly ViewColumn[], written: Written | undefined, filter: string, { from, to }: Range): readonly Suggestion[] {
  const { field, word = '' } = written ?? {}
  const values = useQuery({
    queryKey: ['complete', field, word, filter, from, to],
    enabled: field !== undefined, staleTime: 10_000, retry: false,
    queryFn: ({ signal }) => ask<Completed>('/api/v1/complete', { method: 'POST', body: { field, prefix: word, filter, from, to, limit: most }, signal }).catch((error: unknown) => {
      // Completion is a help: a field it has nothing for, or a server without it, is no failure of the filter.
      if (asRefused(error).status === 401) throw error
      return { values: [] }
    }),
  })
  return useMemo(() => {
    if (written === undefined) return []
    if (field !== undefined) return (values.data?.values ?? []).map(({ value, count: times }) => ({ name: String(value), detail: count(times), insert: valueText(value) }))
    const typed = word.toLowerCase().replaceAll('.', '_')
    const begins = fields.filter(({ name }) => name.startsWith(typed))
    const has = fields.filter(({ name }) => !name.startsWith(typed) && name.includes(typed))
    return [...begins, ...has].slice(0, most).map(({ name, meaning }) => ({ name, detail: meaning, insert: `${name} ` }))
  }, [written, field, word, fields, values.data])
}

/** Words and numbers need no quotes. */
function valueText(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z][\w-]*$|^[\d.]+$/.test(value) ? value : literal(value)
}
