import { useState } from 'react'
import { asRefused } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import type { Range } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { useValues } from './ask.ts'
import { facets, operations, type ChangesState, type Facet } from './state.ts'

interface FiltersProps {
  readonly state: ChangesState
  readonly set: PageState<ChangesState>['set']
}

const titles: Readonly<Record<Facet, string>> = { kind: 'Kind', namespace: 'Namespace', actor: 'Actor', cluster: 'Cluster' }

const toggled = (values: readonly string[], value: string): readonly string[] => (values.includes(value) ? values.filter((each) => each !== value) : [...values, value])

/** What is asked for: operations by a press, the rest from the values that there are. */
export function Filters({ state, set }: FiltersProps): React.ReactNode {
  return (
    <div className="quick">
      <div role="group" aria-label="Operations">
        {operations.map((name) => <button key={name} type="button" className="chip" aria-pressed={state.operation.includes(name)} onClick={() => set({ operation: toggled(state.operation, name), sel: '' })}>{name}</button>)}
      </div>
      <div role="group" aria-label="Filters" className="facets">
        {facets.map((facet) => (
          <Popover key={facet} name={`Choose ${facet}`} label={<>{titles[facet]}{said(state[facet])} <span aria-hidden="true">▾</span></>} className={state[facet].length > 0 ? 'facet chosen' : 'facet'}>
            {() => <Values facet={facet} state={state} onChange={(values) => set({ [facet]: values, sel: '' })} />}
          </Popover>
        ))}
        {(['name', 'uid'] as const).map((part) => (state[part].length === 0 ? null : <button key={part} type="button" className="chip" aria-pressed="true" title="Press to ask for any object" onClick={() => set(part === 'uid' ? { uid: '', sel: '' } : { name: [], sel: '' })}>{part}: {[state[part]].flat().join(', ')} ✕</button>))}
      </div>
    </div>
  )
}

function said(values: readonly string[]): string {
  return values.length === 0 ? '' : values.length < 3 ? `: ${values.join(', ')}` : `: ${values.length} of them`
}

interface ValuesProps {
  readonly facet: Facet
  readonly state: ChangesState
  readonly onChange: (values: readonly string[]) => void
}

function Values({ facet, state, onChange }: ValuesProps): React.ReactNode {
  const range: Range = state.t
  const { data, isError, error } = useValues(state, range, facet)
  const [typed, setTyped] = useState('')
  const chosen = state[facet]
  const counts = new Map((data?.groups ?? []).flatMap(({ value, changes }) => (value === null ? [] : [[value, changes] as const])))
  const all = [...chosen, ...[...counts.keys()].filter((value) => !chosen.includes(value))].filter((value) => value.toLowerCase().includes(typed.toLowerCase()))
  return (
    <div className="picker">
      <input type="search" aria-label={`Find ${facet}`} placeholder={`Any ${facet}`} value={typed} onChange={(event) => setTyped(event.target.value)} />
      <div className="picker-list">
        {all.map((value) => (
          <div key={value} className="picker-row">
            <label><input type="checkbox" checked={chosen.includes(value)} onChange={() => onChange(toggled(chosen, value))} /><span className="grow">{value}</span><span className="dim number">{count(counts.get(value) ?? 0)}</span></label>
          </div>
        ))}
      </div>
      {data === undefined && !isError && <p className="dim asking">asking …</p>}
      {isError && <p className="bad" role="alert">{asRefused(error).message}</p>}
      {data !== undefined && all.length === 0 && <p className="dim">{typed === '' ? `No change of this span has one.` : `None is called “${typed}”.`}</p>}
      {data !== undefined && data.others.groups > 0 && <p className="dim">The {count(data.groups.length)} with most changes; {count(data.others.groups)} more have {count(data.others.changes)}.</p>}
      {chosen.length > 0 && <button type="button" onClick={() => onChange([])}>Any {facet}</button>}
    </div>
  )
}

/** Words that stand anywhere in what is looked for. */
export function FindBox({ q, label, hint, onChange }: { readonly q: string; readonly label: string; readonly hint: string; readonly onChange: (q: string) => void }): React.ReactNode {
  const [typed, setTyped] = useState(q)
  const [before, setBefore] = useState(q)
  if (q !== before) {
    setBefore(q)
    setTyped(q)
  }
  return (
    <form
      className="filter" role="search"
      onSubmit={(event) => {
        event.preventDefault()
        onChange(typed.trim())
      }}
    >
      <input type="search" aria-label={label} placeholder={hint} spellCheck={false} value={typed} onChange={(event) => { setTyped(event.target.value); if (event.target.value === '' && q !== '') onChange('') }} onBlur={() => { if (typed.trim() !== q) onChange(typed.trim()) }} />
    </form>
  )
}
