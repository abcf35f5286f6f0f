import { useState } from 'react'
import { Popover } from '../../parts/popover.tsx'
import type { Range } from '../../state/range.ts'
import { eventsText } from '../../parts/events/text.ts'
import { generalText } from '../../text/general.ts'
import { furtherAttributes, ownColumns, titleOf } from '../../parts/events/columns.tsx'
import { useEventFields } from './queries.ts'

type PickerProps = Readonly<{
  chosen: readonly string[]
  filter: string
  t: Range
  revision: number
  onChange: (columns: readonly string[]) => void
  onReset: () => void
}>

export function ColumnPicker(props: PickerProps): React.ReactNode {
  return (
    <Popover
      name={generalText.columns}
      label={
        <>
          {generalText.columns} <span aria-hidden="true">▾</span>
        </>
      }
    >
      {() => <Choice {...props} />}
    </Popover>
  )
}

function Choice({ chosen, filter, t, revision, onChange, onReset }: PickerProps) {
  const [typed, setTyped] = useState('')
  const fields = useEventFields(filter, t, revision)
  const members = fields.data?.members.map(({ name }) => name) ?? []
  const all = [...new Set([...chosen, ...ownColumns, ...furtherAttributes, ...members])].filter((name) =>
    `${name} ${titleOf(name)}`.toLowerCase().includes(typed.toLowerCase()),
  )
  const move = (name: string, by: -1 | 1) => {
    const [at, to] = [chosen.indexOf(name), chosen.indexOf(name) + by]
    const other = chosen[to]
    if (other !== undefined) onChange(chosen.with(at, other).with(to, name))
  }
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((column) => column !== name) : [...chosen, name]
    if (next.length > 0) onChange(next)
  }
  return (
    <div className="picker">
      <input
        type="search"
        placeholder={eventsText.findField}
        aria-label={eventsText.findField}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="picker-list" tabIndex={0} role="group" aria-label={generalText.columns}>
        {all.map((name) => (
          <div key={name} className="picker-row" title={name}>
            <label>
              <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
              <span>{titleOf(name)}</span>
            </label>
            {chosen.includes(name) && (
              <>
                <button
                  type="button"
                  className="quiet"
                  aria-label={eventsText.moveLeft(titleOf(name))}
                  title={eventsText.moveLeft(titleOf(name))}
                  onClick={() => move(name, -1)}
                >
                  ↑
                </button>
                <button
                  type="button"
                  className="quiet"
                  aria-label={eventsText.moveRight(titleOf(name))}
                  title={eventsText.moveRight(titleOf(name))}
                  onClick={() => move(name, 1)}
                >
                  ↓
                </button>
              </>
            )}
          </div>
        ))}
      </div>
      <button type="button" onClick={onReset}>
        {eventsText.resetColumns}
      </button>
    </div>
  )
}
