import { useMemo } from 'react'
import { request } from '../../../../api/client.ts'
import { count, plainText } from '../../../../parts/format.ts'
import { Answered } from '../../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../../parts/dashboards/panel-query.ts'
import { PanelTable } from '../../../../parts/dashboards/panel-table.tsx'
import { dashboardsText } from '../../text.ts'
import { parametersOf } from '../../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

type SqlRows = readonly Readonly<Record<string, unknown>>[]

export default function SqlPanel({ panel: { sql, limit }, variables, revision }: PanelProps): React.ReactNode {
  const { parameters, wrong } = useMemo(() => {
    try {
      return { parameters: parametersOf(sql, variables) }
    } catch (error) {
      return { wrong: error instanceof Error ? error.message : String(error) }
    }
  }, [sql, variables])
  const answer = usePanelQuery<SqlRows>({
    key: ['/api/v1/sql', sql, parameters],
    revision,
    enabled: sql !== '' && parameters !== undefined,
    read: (signal) => request<SqlRows>('/api/v1/sql', { method: 'POST', signal, body: { sql, parameters } }),
  })
  if (sql === '') return <p className="dim pad">{dashboardsText.statement}</p>
  if (wrong !== undefined)
    return (
      <p role="alert" className="bad pad">
        {wrong}
      </p>
    )
  return <Answered of={answer}>{(rows) => <Rows rows={rows} limit={limit} />}</Answered>
}

function Rows({ rows, limit }: Readonly<{ rows: SqlRows; limit: number }>) {
  const names = Object.keys(rows[0] ?? {})
  const columns = names.map((name) => ({ id: name, title: name, end: isOfNumbers(rows, name) }))
  return (
    <>
      <PanelTable
        columns={columns}
        rows={rows.slice(0, limit).map((row) => names.map((name) => plainText(row[name] ?? '–')))}
      />
      {rows.length > limit && <p className="dim pad">{dashboardsText.moreRows(count(rows.length - limit))}</p>}
    </>
  )
}

function isOfNumbers(rows: SqlRows, name: string): boolean {
  return rows.every((row) => typeof row[name] === 'number' || row[name] === null)
}
