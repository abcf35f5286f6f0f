import { useMemo, useRef, useState } from 'react'
import { asApiError } from '../../api/problem.ts'
import { Chart } from '../../parts/chart.tsx'
import { ChartFill } from '../../parts/chart-fill.tsx'
import { count, counted, duration, plainText } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { Popover } from '../../parts/popover.tsx'
import { EmptyState } from '../../parts/states.tsx'
import { csvCells, csvTitles } from '../../parts/cell-text.ts'
import { csvOf, saveText } from '../../parts/save-file.ts'
import { exported, resultName } from './use-sql.ts'
import { chartOf, isNumeric, isSmallIn, sortedRows, type Result, type Row } from './result.ts'
import { sqlText } from './text.ts'
import { generalText } from '../../text/general.ts'

type ResultsProps = Readonly<{
  sql: string
  result: Result
  view: 'table' | 'chart'
  sort: string
  stale: boolean
  onView: (view: 'table' | 'chart') => void
  onSort: (sort: string) => void
  onEdit: () => void
}>

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 })
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 2 })
const compact = (value: number) => short.format(value)

const separated = (value: number | string) => (typeof value === 'number' ? number.format(value) : count(value))

export function Results({ sql, result, view, sort, stale, onView, onSort, onEdit }: ResultsProps): React.ReactNode {
  const { rows, columns, cut, ms } = result
  const shown = useMemo(() => sortedRows(result, sort), [result, sort])
  const keys = useMemo(() => new Map(rows.map((row, index) => [row, String(index)])), [rows])
  const grid = useMemo(() => gridColumns(columns, rows), [columns, rows])
  const drawn = useMemo(() => (view === 'chart' ? chartOf(result) : undefined), [view, result])
  return (
    <section className="panel table results" aria-label={sqlText.result} aria-busy={stale}>
      <div className="results-bar">
        <span role="status">
          {sqlText.rowsIn(
            cut ? sqlText.firstRows(count(rows.length)) : counted(rows.length, 'row'),
            duration(ms),
            stale ? sqlText.previousStatement : '',
          )}
        </span>
        <span className="results-acts">
          <button
            type="button"
            aria-pressed={view === 'chart'}
            onClick={() => onView(view === 'chart' ? 'table' : 'chart')}
          >
            {sqlText.chart}
          </button>
          <Popover
            label={
              <>
                {generalText.export} <span aria-hidden="true">▾</span>
              </>
            }
            name={sqlText.exportAllRows}
          >
            {(close) => <Export sql={sql} columns={grid} rows={shown} onDone={close} />}
          </Popover>
        </span>
      </div>
      {drawn !== undefined && typeof drawn === 'string' && (
        <EmptyState
          title={sqlText.nothingToDraw}
          action={{ text: sqlText.showTheTable, onClick: () => onView('table') }}
        >
          {drawn}
        </EmptyState>
      )}
      {drawn !== undefined && typeof drawn !== 'string' && <Drawing of={drawn} />}
      {view === 'table' &&
        (rows.length === 0 ? (
          <EmptyState title={sqlText.noRows} action={{ text: sqlText.editTheStatement, onClick: onEdit }}>
            {sqlText.noRowMatches(
              columns.length > 0 ? sqlText.columnNames(columns.map(({ name }) => name).join(', ')) : '',
            )}
          </EmptyState>
        ) : (
          <>
            <Grid
              label={sqlText.result}
              columns={grid}
              rows={shown}
              rowKey={(row) => keys.get(row) ?? ''}
              total={rows.length}
              sort={sort}
              onSort={(id) => onSort(sort === id ? `-${id}` : id)}
            />
            {cut && sort !== '' && <p className="dim pad">{sqlText.loadedRowsSorted}</p>}
          </>
        ))}
    </section>
  )
}

function gridColumns(columns: Result['columns'], rows: readonly Row[]): readonly GridColumn<Row>[] {
  return columns.map((column) => {
    const numeric = isNumeric(column, rows)
    // Ports and years have no separators.
    const numberText = isSmallIn(rows, column.name) ? String : separated
    const longest = rows
      .slice(0, 100)
      .reduce((most, row) => Math.max(most, plainText(row[column.name]).length), column.name.length + 2)
    return {
      id: column.name,
      title: column.name,
      hint: column.type,
      width: Math.min(420, 26 + longest * 7.4),
      grow: 1,
      end: numeric,
      sortable: true,
      csv: (row) => (row[column.name] === null ? null : plainText(row[column.name])),
      cell: (row) => {
        const value = row[column.name]
        if (value === null || value === undefined) return <span className="dim">{sqlText.nullValue}</span>
        return numeric ? (
          numberText(value as number | string)
        ) : (
          <span className="mono" title={plainText(value)}>
            {plainText(value)}
          </span>
        )
      },
    }
  })
}

function Drawing({ of }: { of: Exclude<ReturnType<typeof chartOf>, string> }) {
  return (
    <div className="results-chart">
      <ChartFill least={240}>
        {(height) => (
          <Chart
            label={sqlText.drawnBy(of.by)}
            times={of.times}
            series={of.series}
            stacked={false}
            height={height}
            format={compact}
          />
        )}
      </ChartFill>
    </div>
  )
}

type ExportProps = Readonly<{
  sql: string
  columns: readonly GridColumn<Row>[]
  rows: readonly Row[]
  onDone: () => void
}>

function Export({ sql, columns, rows, onDone }: ExportProps) {
  const [state, setState] = useState('')
  const abort = useRef<AbortController>(undefined)
  const save = async (format: 'csv' | 'ndjson') => {
    abort.current = new AbortController()
    setState(sqlText.preparingRows)
    try {
      await exported(sql, format, abort.current.signal)
      onDone()
    } catch (error) {
      setState(abort.current.signal.aborted ? '' : asApiError(error).message)
    }
  }
  return (
    <div className="links">
      <button
        type="button"
        onClick={() => {
          const cells = rows.map((row) => csvCells(columns, row))
          saveText(csvOf(csvTitles(columns), cells), resultName('csv'), 'text/csv')
          onDone()
        }}
      >
        {sqlText.csvShownRows(counted(rows.length, 'row'))}
      </button>
      <button
        type="button"
        onClick={() => {
          save('csv').catch(reportError)
        }}
      >
        {sqlText.csvAllRows}
      </button>
      <button
        type="button"
        onClick={() => {
          save('ndjson').catch(reportError)
        }}
      >
        {sqlText.ndjsonAllRows}
      </button>
      {state !== '' && (
        <p role="status">
          {state}{' '}
          <button type="button" className="quiet" onClick={() => abort.current?.abort()}>
            {generalText.cancel}
          </button>
        </p>
      )}
      <p className="dim">{sqlText.exportHint}</p>
    </div>
  )
}
