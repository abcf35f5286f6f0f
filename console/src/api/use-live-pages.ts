import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { newRevision } from '../hooks/use-refresh.ts'
import type { Range } from '../state/range.ts'
import { request, type Query } from './client.ts'
import { joined, type TimedRow } from './newer.ts'
import { usePages } from './use-pages.ts'

type Span = Readonly<{ from: string; to: string }>
type AnyPage = Readonly<{ next: string | null; span: Span }>

export type LivePages<Row> = Readonly<{
  rows: readonly Row[]
  span: Span | undefined
  more: boolean
  busy: boolean
  /** The rows are those of the previous question or range. */
  stale: boolean
  error: unknown
  /** Received but not shown because the table is held; `many`: more than one fetch returns. */
  held: number
  many: boolean
  next: () => void
  again: () => void
  cancel: () => void
  release: () => void
}>

type LiveList<Page, Row> = Readonly<{
  name: string
  path: string
  /** The query without its time range. */
  question: Query
  t: Range
  revision: number
  arrivals: number
  hold: boolean
  rowsOf: (page: Page) => readonly Row[]
  /** Query of rows that may have been stored since the shown rows: their filter and range. */
  newer: (rows: readonly Row[], span: Span) => Query
}>

const pageRows = 200
const newerRows = 1000
/** Maximum rows above the first page. Beyond it, the list is loaded again. */
const maxAbove = 5000

/**
 * Pages of stored rows, newest first. With each of `arrivals`, rows stored since are joined above: by their position,
 * so that none is missing or twice.
 */
export function useLivePages<Page extends AnyPage, Row extends TimedRow>({
  name,
  path,
  question,
  t,
  revision,
  arrivals,
  hold,
  rowsOf,
  newer: newerOf,
}: LiveList<Page, Row>): LivePages<Row> {
  const [jumps, setJumps] = useState(0)
  const key = JSON.stringify([question, t, revision, jumps])
  const query = { ...question, from: t.from, to: t.to, limit: pageRows }
  const list = usePages<Page>([name, key], path, query, { question: [question, t] })
  const { pages: loaded, isOwn, more } = list
  const pages = useMemo(() => loaded?.flatMap(rowsOf) ?? [], [loaded, rowsOf])
  const [taken, setTaken] = useState<Readonly<{ of: string; rows: readonly Row[] }>>({ of: '', rows: [] })
  const rowsAbove = taken.of === key ? taken.rows : undefined
  const rows = useMemo(
    () => (rowsAbove === undefined || rowsAbove.length === 0 ? pages : joined(rowsAbove, pages)),
    [rowsAbove, pages],
  )
  const span = loaded?.[0]?.span
  const answer = useQuery<AnyPage>({
    queryKey: [`${name}-newer`, key, arrivals],
    enabled: arrivals > 0 && isOwn && span !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    // Keeps the count between polls, but not for another query.
    placeholderData: (before, query) => (query?.queryKey[1] === key ? before : undefined),
    queryFn: ({ signal }) =>
      request<Page>(path, {
        signal,
        query: { ...question, to: 'now', limit: newerRows, ...(span === undefined ? {} : newerOf(rows, span)) },
      }),
  })
  const newer = answer.data as Page | undefined
  const newRows = useMemo(() => {
    if (newer === undefined || !isOwn || arrivals === 0) return []
    const shownPositions = new Set(rows.map(({ pos }) => pos))
    // Rows beyond the last loaded page belong to a later page.
    const last = more ? (rows.at(-1)?.time ?? '') : ''
    return rowsOf(newer).filter(({ pos, time }) => !shownPositions.has(pos) && time >= last)
  }, [newer, isOwn, arrivals, rows, rowsOf, more])
  const hasMoreNewer = newRows.length > 0 && newer?.next !== null
  const isFull = (rowsAbove?.length ?? 0) + newRows.length > maxAbove
  const release = useCallback(() => {
    // Too many to insert above: reload the list.
    if (hasMoreNewer || isFull) setJumps(newRevision)
    else setTaken((before) => ({ of: key, rows: [...newRows, ...(before.of === key ? before.rows : [])] }))
  }, [hasMoreNewer, isFull, key, newRows])
  useEffect(() => {
    if (!hold && newRows.length > 0) release()
  }, [hold, newRows, release])
  return {
    rows,
    span,
    more,
    busy: list.busy,
    stale: list.stale,
    error: list.error ?? (answer.isError ? answer.error : undefined),
    held: hold ? newRows.length : 0,
    many: hasMoreNewer,
    next: list.next,
    again: list.again,
    cancel: list.cancel,
    release,
  }
}
