import { useState } from 'react'
import type { PatchStep } from '../../../../src/api/published.ts'
import { count } from '../format.ts'
import { diffRows, isRedacted, maxRows, type DiffRow } from './diff.ts'
import { TableHead } from '../table-head.tsx'
import { objectsText } from './text.ts'

type DiffViewProps = Readonly<{
  before: object | null
  after: object | null
  patch: readonly PatchStep[]
}>

export function DiffView({ before, after, patch }: DiffViewProps): React.ReactNode {
  const [all, setAll] = useState(false)
  const rows = diffRows(before, after, patch)
  const shown = all ? rows : rows.slice(0, maxRows)
  if (rows.length === 0) return <p className="pad dim">{objectsText.noRecordedFieldChanged}</p>
  return (
    <div className="diff">
      <table aria-label={objectsText.changedFields}>
        <TableHead columns={[objectsText.before, objectsText.after]} />
        {shown.map((row, index) => (
          <tbody key={index}>
            <tr>
              <th scope="rowgroup" colSpan={2} className="mono">
                <span className={`sign ${signs[row.is][1]}`}>{signs[row.is][0]}</span> {row.path}
                <span className="spoken">, {row.is}</span>
              </th>
            </tr>
            <tr className={row.is}>
              <td className={row.old === undefined ? 'none' : row.is === 'moved' ? '' : 'was'}>
                <Value of={row.old} />
              </td>
              <td className={row.new === undefined ? 'none' : row.is === 'moved' ? '' : 'is'}>
                <Value of={row.new} />
              </td>
            </tr>
          </tbody>
        ))}
      </table>
      {shown.length < rows.length && (
        <p className="pad">
          <button type="button" onClick={() => setAll(true)}>
            {objectsText.showAllFields(count(rows.length))}
          </button>
        </p>
      )}
    </div>
  )
}

const signs: Readonly<Record<DiffRow['is'], readonly [sign: string, tone: string]>> = {
  added: ['+', 'good'],
  removed: ['−', 'bad'],
  changed: ['~', 'warning'],
  moved: ['↕', 'dim'],
}

function Value({ of }: { of: unknown }) {
  if (of === undefined) return <span className="dim">–</span>
  if (isRedacted(of))
    return (
      <span className="redacted" title={objectsText.secretHint}>
        {objectsText.redacted} <span className="mono dim">{of.slice('redacted:'.length, 'redacted:'.length + 8)}</span>
      </span>
    )
  return <span className="mono">{typeof of === 'string' ? of : JSON.stringify(of)}</span>
}
