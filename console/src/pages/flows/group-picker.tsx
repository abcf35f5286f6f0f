import { useState } from 'react'
import { Popover } from '../../parts/popover.tsx'
import type { FlowColumn } from './columns.tsx'
import { qualified, usualGroups } from './groups.ts'

interface GroupPickerProps {
  readonly all: ReadonlyMap<string, FlowColumn>
  /** Fields that make the groups; none: single flows. */
  readonly group: readonly string[]
  readonly onChange: (group: readonly string[]) => void
}

const same = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join()

/** How the table groups flows: not at all, in one of the usual ways, or by any fields. */
export function GroupPicker({ all, group, onChange }: GroupPickerProps): React.ReactNode {
  const usual = usualGroups.find(({ fields }) => same(fields, group))
  const title = usual?.title ?? group.map((field) => qualified(field, all.get(field)?.title ?? field)).join(', ')
  return (
    <Popover
      label={
        <>
          {group.length === 0 ? 'Group by' : title} <span aria-hidden="true">▾</span>
        </>
      }
      name="Group flows by"
    >
      {(close) => {
        const choose = (fields: readonly string[]): void => {
          onChange(fields)
          close()
        }
        return (
          <>
            <div className="presets" role="group" aria-label="Usual groups">
              <button type="button" aria-pressed={group.length === 0} onClick={() => choose([])}>
                Single flows
              </button>
              {usualGroups.map(({ title: name, fields }) => (
                <button key={name} type="button" aria-pressed={same(fields, group)} onClick={() => choose(fields)}>
                  {name}
                </button>
              ))}
            </div>
            <Fields all={all} group={group} onChange={onChange} />
          </>
        )
      }}
    </Popover>
  )
}

function Fields({ all, group, onChange }: GroupPickerProps): React.ReactNode {
  const [typed, setTyped] = useState('')
  const word = typed.toLowerCase()
  const offered = [...all.values()].filter(
    ({ id, sort, fields }) => sort.length > 0 && fields.length === 1 && !id.startsWith('_'),
  )
  const found = offered.filter(({ id, title, hint }) => `${id} ${title} ${hint}`.toLowerCase().includes(word))
  const shown = [
    ...group.flatMap((id) => found.find((column) => column.id === id) ?? []),
    ...found.filter(({ id }) => !group.includes(id)),
  ]
  return (
    <div className="picker">
      <input
        type="search"
        placeholder="Any field"
        aria-label="Find a field to group by"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="picker-list">
        {shown.map(({ id, title, hint }) => (
          <div key={id} className="picker-row" title={hint}>
            <label>
              <input
                type="checkbox"
                checked={group.includes(id)}
                onChange={() => onChange(group.includes(id) ? group.filter((each) => each !== id) : [...group, id])}
              />
              <span>{qualified(id, title)}</span>
              <span className="dim mono">{id}</span>
            </label>
          </div>
        ))}
      </div>
    </div>
  )
}
