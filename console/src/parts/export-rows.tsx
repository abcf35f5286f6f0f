import { generalText } from '../text/general.ts'
import { partsText } from '../text/parts.ts'
import { csvCells, csvTitles, type CsvColumn } from './cell-text.ts'
import { count } from './format.ts'
import { fileName } from './file-name.ts'
import { Popover } from './popover.tsx'
import { csvOf, saveText } from './save-file.ts'
import { useSaving } from './use-saving.tsx'

const formats = ['CSV', 'raw CSV', 'NDJSON'] as const

type ExportRowsProps<Row extends object> = Readonly<{
  name: string
  read: () => Promise<readonly Row[]>
  /** Columns of the table on the screen: CSV has its titles, order and units. NDJSON has the raw values. */
  columns?: readonly CsvColumn<Row>[]
  /** Raw values of a row; undefined: only the screen has it. Default: the row. */
  raw?: (row: Row) => object | undefined
  /** Exports in other formats. */
  children?: React.ReactNode
}>

/** Saves all rows of a list, not only those that are shown. */
export function ExportRows<Row extends object>({
  name,
  read,
  columns,
  raw = (row) => row,
  children,
}: ExportRowsProps<Row>): React.ReactNode {
  const { busy, status, save } = useSaving()
  const write = async (format: (typeof formats)[number]): Promise<string> => {
    const all = await read()
    const isShown = format === 'CSV' && columns !== undefined
    const rows = isShown ? all : all.flatMap((row) => raw(row) ?? [])
    const file = fileName('weir', name, new Date().toISOString().slice(0, 10))
    if (isShown) {
      const cells = all.map((row) => csvCells(columns, row))
      saveText(csvOf(csvTitles(columns), cells), `${file}.csv`, 'text/csv')
    } else if (format !== 'NDJSON') {
      const names = Object.keys(rows[0] ?? {})
      const cells = rows.map((row) => names.map((column) => (row as Readonly<Record<string, unknown>>)[column]))
      saveText(csvOf(names, cells), `${file}.csv`, 'text/csv')
    } else {
      saveText(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), `${file}.ndjson`, 'application/x-ndjson')
    }
    return partsText.exported(count(rows.length))
  }
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={partsText.exportAll}
    >
      {() => (
        <div className="links">
          {formats
            .filter((format) => format !== 'raw CSV' || columns !== undefined)
            .map((format) => (
              <button key={format} type="button" disabled={busy} onClick={() => save(() => write(format))}>
                {partsText.exportAs(format)}
              </button>
            ))}
          {children}
          <p>{status}</p>
        </div>
      )}
    </Popover>
  )
}
