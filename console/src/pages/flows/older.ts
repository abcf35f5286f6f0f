import { useCallback, useEffect, useMemo, useState } from 'react'
import { maxShown, type Row } from '../../live/rows-model.ts'
import { newRevision } from '../../hooks/use-refresh.ts'
import type { FlowQuestion } from './flow-filter.ts'
import { useStoredRows, type StoredRows } from './stored.ts'

interface OlderQuestion extends FlowQuestion {
  readonly from: string
  readonly fields: readonly string[]
  readonly begun: boolean
  readonly upTo: string
}

type Older = Readonly<{
  rows: readonly Row[]
  stored: StoredRows
  onEnd: () => void
}>

export function useOlder(
  live: readonly Row[],
  { filter, both, once, from, fields, begun, upTo }: OlderQuestion,
): Older {
  const [at, key] = [fields.indexOf('time_received'), fields.indexOf('_pos')]
  const oldest = live.at(-1)?.[at]
  const [full, empty] = [live.length >= maxShown, live.length === 0]
  const [to, setTo] = useState<string>()
  const [revision, setRevision] = useState(newRevision)
  const joins = to === 'now' || (upTo !== '' && to === behind(upTo))
  const stored = useStoredRows(
    { filter, both, once, from, to: to ?? '', fields, sort: '', revision },
    {
      enabled: to !== undefined,
    },
  )
  useEffect(() => {
    const apart = joins ? full : to !== undefined && typeof oldest === 'string' && behind(oldest) > to
    if (apart) setTo(undefined)
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
  // The newest part of the range may not be stored yet and would stay missing.
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
    // A response to the previous query has other cells or rows.
    if (to === undefined || stored.rows.length === 0 || stored.fields.join() !== fields.join()) return live
    const liveKeys = new Set(live.map((row) => row[key]))
    return [...live, ...stored.rows.filter((row) => !liveKeys.has(row[key]))]
  }, [to, live, stored.rows, stored.fields, fields, key])
  return { rows, stored, onEnd }
}

function behind(iso: string) {
  return new Date(Date.parse(iso) + 1).toISOString()
}
