import { useState } from 'react'
import { density, usePreference } from '../../state/preferences.ts'
import { inGroups } from './field-groups.ts'
import { fitWidth, forgetWidths, keepWidth } from '../../parts/grid-widths.ts'
import { defaultColumns } from '../../parts/flows/default-columns.ts'
import type { PickerProps } from './column-picker.tsx'
import { flowFieldsText } from '../../text/flow-fields.ts'
import { generalText } from '../../text/general.ts'
import { flowsText } from '../../parts/flows/text.ts'

type ColumnAction = Readonly<{
  sign: string
  label: string
  text: string
  onClick: () => void
}>

const step = 24

export function ColumnChoice({ all, chosen, widths, onChange }: PickerProps) {
  const [typed, setTyped] = useState('')
  const word = typed.toLowerCase()
  const matches = (id: string) => {
    const column = all.get(id)
    return column !== undefined && `${id} ${column.title} ${column.hint}`.toLowerCase().includes(word)
  }
  const acts = actsOf({ all, chosen, widths, onChange })
  const rowOf = (id: string) => {
    const { title = id, hint = '' } = all.get(id) ?? {}
    return { id, title, hint, onToggle: () => acts.toggle(id) }
  }
  return (
    <div className="picker">
      <RowHeight />
      <input
        type="search"
        placeholder={flowsText.findAField}
        aria-label={flowsText.findAField}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="picker-list" tabIndex={0} role="group" aria-label={generalText.columns}>
        <div role="group" aria-label={flowFieldsText.shown}>
          {chosen.filter(matches).map((id) => (
            <FieldRow key={id} {...rowOf(id)} acts={acts.of(id, rowOf(id).title)} />
          ))}
        </div>
        {inGroups(
          [...all.keys()].filter((id) => !chosen.includes(id) && matches(id)),
          (id) => id,
        ).map(({ title, members }) => (
          <div key={title} role="group" aria-label={title}>
            <div className="picker-head">
              <h3>{title}</h3>
              <button
                type="button"
                className="quiet"
                aria-label={flowFieldsText.showAllOf(title)}
                onClick={() => onChange({ cols: [...chosen, ...members] })}
              >
                {flowFieldsText.showAll}
              </button>
            </div>
            {members.map((id) => (
              <FieldRow key={id} {...rowOf(id)} />
            ))}
          </div>
        ))}
      </div>
      <button
        type="button"
        onClick={() => {
          forgetWidths('flows')
          onChange({ cols: defaultColumns, w: {} })
        }}
      >
        {flowsText.reset}
      </button>
    </div>
  )
}

function RowHeight() {
  const rows = usePreference(density)
  return (
    <div className="line" role="group" aria-label={flowsText.rowHeight}>
      <span className="dim">{flowsText.rows}</span>
      <span>
        {density.values.map((value) => (
          <button
            key={value}
            type="button"
            className="chip"
            aria-pressed={rows === value}
            onClick={() => density.set(value)}
          >
            {value}
          </button>
        ))}
      </span>
    </div>
  )
}

function actsOf({ all, chosen, widths, onChange }: PickerProps) {
  const move = (id: string, by: number) => {
    const at = chosen.indexOf(id)
    const to = at + by
    if (to < 0 || to >= chosen.length) return
    onChange({ cols: chosen.with(at, chosen[to] ?? id).with(to, id) })
  }
  const widen = (id: string, by: number) => {
    const width = fitWidth((widths[id] ?? all.get(id)?.width ?? 100) + by)
    keepWidth('flows', id, width)
    onChange({ w: { ...widths, [id]: width } })
  }
  return {
    toggle: (id: string) => {
      const next = chosen.includes(id) ? chosen.filter((column) => column !== id) : [...chosen, id]
      if (next.length > 0) onChange({ cols: next })
    },
    of: (id: string, title: string): readonly ColumnAction[] => [
      { sign: '↑', label: flowsText.moveColumnLeft(title), text: flowsText.moveLeft, onClick: () => move(id, -1) },
      { sign: '↓', label: flowsText.moveColumnRight(title), text: flowsText.moveRight, onClick: () => move(id, 1) },
      { sign: '−', label: flowsText.makeNarrower(title), text: flowsText.narrower, onClick: () => widen(id, -step) },
      { sign: '+', label: flowsText.makeWider(title), text: flowsText.wider, onClick: () => widen(id, step) },
    ],
  }
}

type FieldRowProps = Readonly<{
  id: string
  title: string
  hint: string
  /** Absent: the field is not a column. */
  acts?: readonly ColumnAction[]
  onToggle: () => void
}>

function FieldRow({ id, title, hint, acts, onToggle }: FieldRowProps) {
  return (
    <div className="picker-row" title={hint}>
      <label>
        <input type="checkbox" checked={acts !== undefined} onChange={onToggle} />
        <span>{title}</span>
        {title.toLowerCase().replaceAll(' ', '_') !== id && <span className="dim mono">{id}</span>}
      </label>
      {acts?.map(({ sign, label, text, onClick }) => (
        <button key={sign} type="button" className="quiet" aria-label={label} title={text} onClick={onClick}>
          {sign}
        </button>
      ))}
    </div>
  )
}
