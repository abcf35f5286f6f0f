import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { headersOf } from '../../api/client.ts'
import { withProgress } from '../../api/progress.ts'
import { asApiError, ApiError, apiErrorOf } from '../../api/problem.ts'
import { loginNeeded } from '../../api/session.ts'
import { limitSlowQueries } from '../../api/slow-queries.ts'
import { saveBlob } from '../../parts/save-file.ts'
import { columnsOf, isSelect, maxRows, type Column, type Result, type Row } from './result.ts'
import { sqlText } from './text.ts'

const sqlPath = '/api/v1/sql'

async function sendSql(
  sql: string,
  format: 'ndjson' | 'csv',
  signal: AbortSignal,
  id: string | undefined,
): Promise<Response> {
  const answer = await fetch(sqlPath, {
    method: 'POST',
    headers: headersOf(sql, id),
    body: JSON.stringify({ sql, format }),
    signal,
  }).catch((error: unknown) => {
    if (signal.aborted) throw error
    throw new ApiError(0, {})
  })
  if (answer.ok) return answer
  const refused = await apiErrorOf(answer)
  if (refused.status === 401) loginNeeded()
  throw refused
}

async function rowsOf(
  answer: Response,
  most: number,
  onRows: (rows: number) => void,
): Promise<Readonly<{ rows: Row[]; cut: boolean }>> {
  const rows: Row[] = []
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) return { rows, cut: false }
  for (let rest = ''; ;) {
    const { done, value = '' } = await reader.read().catch(() => {
      throw new ApiError(0, {
        detail: sqlText.endedEarly,
        hints: [sqlText.endedEarlyHint],
      })
    })
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '' && rows.length < most) rows.push(JSON.parse(line) as Row)
    onRows(rows.length)
    if (done) return { rows, cut: false }
    if (rows.length >= most) {
      await reader.cancel().catch(() => {})
      return { rows, cut: true }
    }
  }
}

async function describe(sql: string, signal: AbortSignal, id?: string): Promise<readonly Column[]> {
  const { rows } = await rowsOf(await sendSql(`DESCRIBE ${sql}`, 'ndjson', signal, id), maxRows, () => {})
  return rows.map((row) => ({
    name: String((row['column_name'] ?? row['name']) as string),
    type: String((row['column_type'] ?? row['type']) as string),
  }))
}

type Run =
  | { readonly is: 'nothing' }
  | Readonly<{ is: 'running'; sql: string; rows: number; since: number }>
  | Readonly<{ is: 'done'; sql: string; result: Result }>
  | Readonly<{ is: 'failed'; sql: string; refused: ApiError }>
  | Readonly<{ is: 'cancelled'; sql: string }>

type Running = Readonly<{
  run: Run
  last: Readonly<{ sql: string; result: Result }> | undefined
  start: (sql: string) => void
  cancel: () => void
}>

/** One statement at a time. A new statement, cancel and navigation also stop it on the server. */
export function useSql(): Running {
  const [run, setRun] = useState<Run>({ is: 'nothing' })
  const [last, setLast] = useState<Running['last']>()
  const abort = useRef<AbortController>(undefined)
  const cancel = useCallback(() => abort.current?.abort(), [])
  const start = useCallback((sql: string) => {
    abort.current?.abort()
    const asking = new AbortController()
    abort.current = asking
    const { signal } = asking
    const began = performance.now()
    const update = (next: Run) => {
      if (abort.current === asking) setRun(next)
    }
    let updated = 0
    const onRows = (rows: number) => {
      if (performance.now() - updated < 100) return
      updated = performance.now()
      update({ is: 'running', sql, rows, since: began })
    }
    const fetchResult = async (): Promise<Result> => {
      const [described, { rows, cut }] = await Promise.all([
        isSelect(sql) ? describe(sql, signal).catch(() => undefined) : undefined,
        withProgress((id) => sendSql(sql, 'ndjson', signal, id)).then((answer) => rowsOf(answer, maxRows, onRows)),
      ])
      return { columns: columnsOf(described, rows), rows, cut, ms: performance.now() - began }
    }
    setRun({ is: 'running', sql, rows: 0, since: began })
    fetchResult().then(
      (result) => {
        if (abort.current === asking) setLast({ sql, result })
        update({ is: 'done', sql, result })
      },
      (error: unknown) =>
        update(signal.aborted ? { is: 'cancelled', sql } : { is: 'failed', sql, refused: asApiError(error) }),
    )
  }, [])
  useEffect(() => () => abort.current?.abort(), [])
  return { run, last, start, cancel }
}

export const viewNames = [
  'flows',
  'events',
  'changes',
  'audit',
  'resources',
  'relations',
  'traffic',
  'inventory',
  'images',
  'packages',
  'problems',
  'facts',
  'flows_1m',
  'flows_5m',
  'flows_1h',
] as const
export type ViewName = (typeof viewNames)[number]

/** Columns of each of {@link viewNames}. A view may be missing, for example in ClickHouse of an earlier version. */
export function useSchema(): readonly UseQueryResult<readonly Column[]>[] {
  return useQueries({
    queries: viewNames.map((name) => ({
      queryKey: ['schema', name],
      staleTime: Infinity,
      retry: false,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        limitSlowQueries(sqlPath, signal, (id) => describe(name, signal, id)),
    })),
  })
}

export async function exported(sql: string, format: 'ndjson' | 'csv', signal: AbortSignal): Promise<void> {
  saveBlob(await (await sendSql(sql, format, signal, undefined)).blob(), resultName(format))
}

export function resultName(format: 'ndjson' | 'csv'): string {
  return `weir-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`
}
