import { useState } from 'react'
import { Popover } from '../../parts/popover.tsx'
import type { FlowColumn } from './columns.tsx'
import { usualColumns } from './usual.ts'

interface PickerProps {
  readonly all: ReadonlyMap<string, FlowColumn>
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}

/** Which columns, and in which order; everything by buttons, nothing by dragging. */
export function ColumnPicker({ all, chosen, onChange }: PickerProps): React.ReactNode {
  return (
    <Popover label={<>Columns <span aria-hidden="true">▾</span></>} name="Columns of the table">
      {() => <Choice all={all} chosen={chosen} onChange={onChange} />}
    </Popover>
  )
}

function Choice({ all, chosen, onChange }: PickerProps): React.ReactNode {
  const [typed, setTyped] = useState('')
  const word = typed.toLowerCase()
  const matches = (id: string): boolean => {
    const column = all.get(id)
    return column !== undefined && `${id} ${column.title} ${column.hint}`.toLowerCase().includes(word)
  }
  const move = (id: string, by: number): void => {
    const at = chosen.indexOf(id)
    const to = at + by
    if (to < 0 || to >= chosen.length) return
    onChange(chosen.with(at, chosen[to] ?? id).with(to, id))
  }
  const toggle = (id: string): void => {
    const next = chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]
    if (next.length > 0) onChange(next)
  }
  return (
    <div className="picker">
      <input type="search" placeholder="Find a field" aria-label="Find a field" value={typed} onChange={(event) => setTyped(event.target.value)} />
      <div className="picker-list">
        {[...chosen, ...[...all.keys()].filter((id) => !chosen.includes(id))].filter(matches).map((id) => {
          const on = chosen.includes(id)
          const { title = id, hint = '' } = all.get(id) ?? {}
          return (
            <div key={id} className="picker-row" title={hint}>
              <label><input type="checkbox" checked={on} onChange={() => toggle(id)} /><span>{title}</span>{title.toLowerCase().replaceAll(' ', '_') !== id && <span className="dim mono">{id}</span>}</label>
              {on && <button type="button" className="quiet" aria-label={`${title} further left`} onClick={() => move(id, -1)}>↑</button>}
              {on && <button type="button" className="quiet" aria-label={`${title} further right`} onClick={() => move(id, 1)}>↓</button>}
            </div>
          )
        })}
      </div>
      <button type="button" onClick={() => onChange(usualColumns)}>As usual</button>
    </div>
  )
}
