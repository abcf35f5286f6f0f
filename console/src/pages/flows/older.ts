import { useCallback, useEffect, useMemo, useState } from 'react'
import { shownMost, type Row } from '../../live/rows-model.ts'
import { newRevision } from '../../hooks/use-refresh.ts'
import type { FlowQuestion } from './question.ts'
import { useStoredRows, type StoredRows } from './stored.ts'

interface OlderQuestion extends FlowQuestion {
  readonly from: string
  readonly fields: readonly string[]
  /** Has the live memory said what it has? */
  readonly begun: boolean
  /** Where live rows begin when these are all since then: what came up to there is asked for at once. Empty: they begin with the oldest of them. */
  readonly upTo: string
}

export interface Older {
  /** Live rows, and under them what was there before. */
  readonly rows: readonly Row[]
  readonly stored: StoredRows
  /** The last row is in sight. */
  readonly onEnd: () => void
}

/** Continues live rows, newest first, with those that came before them, when somebody goes down so far. */
export function useOlder(
  live: readonly Row[],
  { filter, both, once, from, fields, begun, upTo }: OlderQuestion,
): Older {
  const [at, key] = [fields.indexOf('time_received'), fields.indexOf('_pos')]
  const oldest = live.at(-1)?.[at]
  const [full, empty] = [live.length >= shownMost, live.length === 0]
  const [to, setTo] = useState<string>()
  const [revision, setRevision] = useState(newRevision)
  const joins = to === 'now' || (upTo !== '' && to === behind(upTo))
  const stored = useStoredRows({ filter, both, once, from, to: to ?? '', fields, sort: '', revision }, to !== undefined)
  // Live rows that left at the bottom would be missing between the two.
  useEffect(() => {
    const apart = joins ? full : to !== undefined && typeof oldest === 'string' && behind(oldest) > to
    if (apart) setTo(undefined)
    // A server that has just started has nothing live, but what it had before.
    else if (begun && empty && to === undefined) {
      setRevision(newRevision)
      setTo('now')
    }
  }, [oldest, to, full, empty, begun, joins])
  useEffect(() => {
    if (upTo === '') return
    setRevision(newRevision)
    setTo(behind(upTo))
  }, [upTo])
  // The newest part of a span may not be stored yet: what is missing would stay missing between the two.
  const { storedTo } = stored
  const late = to !== undefined && to !== 'now' && storedTo !== undefined && storedTo < to
  useEffect(() => {
    if (!late) return undefined
    const timer = setTimeout(() => setRevision(newRevision), 1000)
    return () => clearTimeout(timer)
  }, [late, storedTo])
  const { next } = stored
  const onEnd = useCallback(() => {
    if (to !== undefined) next()
    else if (typeof oldest === 'string') setTo(behind(oldest))
  }, [to, next, oldest])
  const rows = useMemo(() => {
    // An answer to the question before has other cells, or other rows.
    if (to === undefined || stored.rows.length === 0 || stored.fields.join() !== fields.join()) return live
    const known = new Set(live.map((row) => row[key]))
    return [...live, ...stored.rows.filter((row) => !known.has(row[key]))]
  }, [to, live, stored.rows, stored.fields, fields, key])
  return { rows, stored, onEnd }
}

/** The end of a span that has this moment in it. */
function behind(iso: string): string {
  return new Date(Date.parse(iso) + 1).toISOString()
}
