import { useMemo, useState } from 'react'
import type { Row } from '../../live/rows-model.ts'
import type { GridEnds } from '../../parts/grid-ends.ts'
import type { FlowQuestion } from './flow-filter.ts'
import { useStoredRows, type StoredRows } from './stored.ts'

interface EndsQuestion extends FlowQuestion {
  readonly fields: readonly string[]
  readonly sort: string
  readonly revision: number
}

/**
 * The rows of a stored result from its first page on, or on demand from its last row back: the last of millions is
 * reachable without the pages before it. `total` is undefined until it is known.
 */
export function useStoredEnds(
  head: StoredRows,
  question: EndsQuestion,
  total: number | undefined,
): Readonly<{ rows: readonly Row[]; busy: boolean; next: () => void; ends: GridEnds }> {
  const { span, more, isOwn } = head
  const key = JSON.stringify([question, span])
  const [endOf, setEndOf] = useState('')
  const wanted = endOf === key && span !== undefined && total !== undefined
  const tail = useStoredRows(
    { ...question, from: span?.from ?? '', to: span?.to ?? '', backwards: true },
    {
      enabled: wanted,
    },
  )
  const isEnd = wanted && tail.isOwn && tail.rows.length > 0
  const last = useMemo(() => (isEnd ? tail.rows.toReversed() : []), [isEnd, tail.rows])
  const ends = {
    isEnd,
    offset: isEnd && tail.more ? Math.max(0, total - last.length) : 0,
    ...(isEnd ? { onStart: tail.next } : {}),
    ...(wanted ? { onFirst: () => setEndOf('') } : {}),
    ...(!isEnd && isOwn && more && total !== undefined ? { onLast: () => setEndOf(key) } : {}),
  }
  return isEnd
    ? { rows: last, busy: head.busy || tail.busy, next: nothing, ends }
    : { rows: head.rows, busy: head.busy || (wanted && tail.busy), next: head.next, ends }
}

const nothing = () => {}
