import { useState } from 'react'
import { Popover } from '../../parts/popover.tsx'
import { isGroupable, type FlowColumn } from '../../parts/flows/columns.tsx'
import { qualified, defaultGroups } from './groups.ts'
import { flowsText } from '../../parts/flows/text.ts'

type GroupPickerProps = Readonly<{
  all: ReadonlyMap<string, FlowColumn>
  group: readonly string[]
  onChange: (group: readonly string[]) => void
}>

const same = (a: readonly string[], b: readonly string[]) => a.join() === b.join()

export function GroupPicker({ all, group, onChange }: GroupPickerProps): React.ReactNode {
  const usual = defaultGroups.find(({ fields }) => same(fields, group))
  const titles = usual === undefined ? group.map((field) => qualified(field, all.get(field)?.title ?? field)) : []
  // All titles would need a second line of tools; the table has them.
  const title = usual?.title ?? (titles.length <= 2 ? titles.join(', ') : `${titles[0]} +${titles.length - 1}`)
  return (
    <Popover
      label={
        <>
          {group.length === 0 ? flowsText.groupBy : title} <span aria-hidden="true">▾</span>
        </>
      }
      name={flowsText.groupFlowsBy}
    >
      {(close) => {
        const choose = (fields: readonly string[]) => {
          onChange(fields)
          close()
        }
        return (
          <>
            <div className="presets" role="group" aria-label={flowsText.commonGroups}>
              <button type="button" aria-pressed={group.length === 0} onClick={() => choose([])}>
                {flowsText.noGrouping}
              </button>
              {defaultGroups.map(({ title: name, fields }) => (
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

function Fields({ all, group, onChange }: GroupPickerProps) {
  const [typed, setTyped] = useState('')
  const word = typed.toLowerCase()
  const offered = [...all.values()].filter(isGroupable)
  const matching = offered.filter(({ id, title, hint }) => `${id} ${title} ${hint}`.toLowerCase().includes(word))
  const shown = [
    ...group.flatMap((id) => matching.find((column) => column.id === id) ?? []),
    ...matching.filter(({ id }) => !group.includes(id)),
  ]
  return (
    <div className="picker">
      <input
        type="search"
        placeholder={flowsText.anyField}
        aria-label={flowsText.findGroupField}
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
                onChange={() => onChange(group.includes(id) ? group.filter((field) => field !== id) : [...group, id])}
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
