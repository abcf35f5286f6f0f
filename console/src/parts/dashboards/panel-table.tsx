import { panelText } from './text.ts'

export type PanelColumn = Readonly<{
  id: string
  title: string
  hint?: string
  /** Right-aligned, as numbers are. */
  end?: boolean
}>

type PanelTableProps = Readonly<{
  columns: readonly PanelColumn[]
  rows: readonly (readonly React.ReactNode[])[]
  keyOf?: (at: number) => string
}>

export function PanelTable({ columns, rows, keyOf = String }: PanelTableProps): React.ReactNode {
  if (rows.length === 0) return <p className="dim pad">{panelText.noRows}</p>
  return (
    <div className="panel-table" tabIndex={0} role="region" aria-label={columns.map(({ title }) => title).join(', ')}>
      <table>
        <thead>
          <tr>
            {columns.map(({ id, title, hint, end }) => (
              <th key={id} title={hint} className={end === true ? 'end' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(index)}>
              {row.map((cell, at) => (
                <td key={columns[at]!.id} className={columns[at]!.end === true ? 'end' : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
