import { useMemo, useRef, useState } from 'react'
import type { TraceColumns } from '../../api/traces.ts'
import { count } from '../../parts/format.ts'
import { useLocalKeys, type Binding } from '../../state/keys.ts'
import { layoutOf, rowHeight, stepFrom, type Line, type Placed } from './graph-layout.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { shortActor } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'
import { auditText } from '../../parts/audit/text.ts'

type GraphProps = Readonly<{
  of: TraceColumns
  asTable: boolean
  open: string
  onOpen: (node: string) => void
  onLeaveOut: (column: number, value: string | null) => void
}>

const titles = [generalText.actor, generalText.action, generalText.resource, generalText.tenant, generalText.region]
const share = 0.74

export function Graph({ of, asTable, open, onOpen, onLeaveOut }: GraphProps): React.ReactNode {
  const layout = useMemo(() => layoutOf(of), [of])
  const container = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState('0:0')
  const all = layout.columns.flat()
  const idOf = ({ column, rank }: Placed) => `${column}:${rank}`
  const current = all.find((node) => idOf(node) === at) ?? all[0]
  const go = (key: Parameters<typeof stepFrom>[2]) => {
    const next = current === undefined ? undefined : stepFrom(layout, current, key)
    if (next === undefined) return
    setAt(idOf(next))
    container.current?.querySelector<HTMLElement>(`[data-node="${idOf(next)}"]`)?.focus()
  }
  const leaveOut = (node: Placed | undefined) => {
    if (node !== undefined && node.rank >= 0) onLeaveOut(node.column, node.value)
  }
  const onKeyDown = useLocalKeys(auditText.graphKeys, [
    ...(['ArrowUp', 'ArrowDown', 'Home', 'End'] as const).map((key): Binding => ({
      keys: [key],
      does: auditText.moveToNode(
        key === 'Home'
          ? auditText.atTheTop
          : key === 'End'
            ? auditText.atTheEnd
            : key === 'ArrowUp'
              ? auditText.above
              : auditText.below,
      ),
      run: () => go(key),
    })),
    { keys: ['ArrowRight'], does: auditText.followRight, run: () => go('ArrowRight') },
    { keys: ['ArrowLeft'], does: auditText.followLeft, run: () => go('ArrowLeft') },
    { keys: ['x'], does: auditText.excludeIt, run: () => leaveOut(current) },
  ])
  if (asTable) return <Twin lines={layout.lines} left={layout.left} />
  const nodeOf = (node: Placed) => `${of.columns[node.column]?.column ?? ''}:${node.value ?? ''}`
  return (
    <div className="audit-graph" ref={container} role="group" aria-label={auditText.graphLabel} onKeyDown={onKeyDown}>
      <div className="audit-graph-heads" aria-hidden="true">
        {titles.map((title) => (
          <span key={title}>{title}</span>
        ))}
      </div>
      <div className="audit-graph-body" style={{ height: layout.height }}>
        <svg viewBox={`0 0 1000 ${layout.height}`} preserveAspectRatio="none" aria-hidden="true" height={layout.height}>
          {layout.lines.map((line) => (
            <path
              key={`${line.column} ${line.from.rank} ${line.to.rank}`}
              d={pathOf(line)}
              className={line.failed > 0 ? 'failed' : undefined}
              strokeWidth={Math.min(6, 1 + Math.log2(line.traces) / 2)}
            />
          ))}
        </svg>
        {layout.columns.map((nodes, column) => (
          <ul
            key={titles[column]}
            aria-label={titles[column]}
            style={{ left: `${column * 20}%`, width: `${share * 20}%` }}
          >
            {nodes.map((node) => (
              <li key={node.rank} style={{ height: rowHeight }}>
                <button
                  type="button"
                  data-node={idOf(node)}
                  tabIndex={node === current ? 0 : -1}
                  aria-pressed={node.rank >= 0 && open === nodeOf(node)}
                  title={titleOf(node)}
                  className={node.rank < 0 ? 'dim' : undefined}
                  onFocus={() => setAt(idOf(node))}
                  onClick={(event) => {
                    if (event.shiftKey) leaveOut(node)
                    else if (node.rank >= 0) onOpen(nodeOf(node))
                  }}
                >
                  <span
                    className={node.incidents > 0 ? 'bad' : node.failed > 0 ? 'warning' : 'good'}
                    aria-hidden="true"
                  >
                    {node.incidents > 0 ? '■' : node.failed > 0 ? '▲' : '●'}
                  </span>
                  <span className="grow">{shortActor(node.name)}</span>
                  <span className="dim number">{count(node.traces)}</span>
                  <span className="spoken"> {howOf(node)}</span>
                </button>
              </li>
            ))}
          </ul>
        ))}
      </div>
      {layout.left > 0 && <p className="dim">{auditText.notDrawnList(count(layout.left))}</p>}
    </div>
  )
}

function howOf({ failed, incidents }: Placed) {
  return auditText.traceCounts(
    failed > 0 ? auditText.failedOf(count(failed)) : '',
    incidents > 0 ? auditText.ofThemIncidents(count(incidents)) : '',
  )
}

function titleOf(node: Placed) {
  return `${node.name}: ${count(node.traces)} ${howOf(node)}${node.rank < 0 ? '' : auditText.nodeKeys}`
}

function pathOf({ column, from, to }: Line) {
  const [a, b] = [(column + share) * 200, (column + 1) * 200]
  return `M${a} ${from.y}C${(a + b) / 2} ${from.y} ${(a + b) / 2} ${to.y} ${b} ${to.y}`
}

function Twin({ lines, left }: { lines: readonly Line[]; left: number }) {
  return (
    <>
      <table className="peers-table">
        <caption className="spoken">{auditText.tableCaption}</caption>
        <TableHead
          columns={[generalText.from, generalText.to, [generalText.traces, 'end'], [generalText.failed, 'end']]}
        />
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.column} ${line.from.rank} ${line.to.rank}`}>
              <td>
                <span className="dim">{titles[line.column]}</span> {line.from.name}
              </td>
              <td>
                <span className="dim">{titles[line.column + 1]}</span> {line.to.name}
              </td>
              <td className="end">{count(line.traces)}</td>
              <td className="end">{count(line.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && <p className="dim">{auditText.notDrawn(count(left))}</p>}
    </>
  )
}
