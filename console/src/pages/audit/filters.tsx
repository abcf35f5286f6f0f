import { useState } from 'react'
import { asRefused } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import type { PageState } from '../../state/use-page-state.ts'
import { traceQuery, useTraceSums } from './ask.ts'
import { facets, notTold, saidOf, without, type AuditState, type Facet } from './state.ts'

interface FiltersProps {
  readonly state: AuditState
  readonly set: PageState<AuditState>['set']
}

const titles: Readonly<Record<Facet, string>> = { actor: 'Actor', action: 'Action', service: 'Service', severity: 'How', address: 'From', resource: 'Resource', tenant: 'Tenant', region: 'Region' }

/** What is asked for, from the values that there are; any of them can be left out instead. */
export function Filters({ state, set }: FiltersProps): React.ReactNode {
  return (
    <div className="quick">
      <div role="group" aria-label="Filters" className="facets">
        {facets.map((facet) => (
          <Popover key={facet} name={`Choose ${facet}`} label={<>{titles[facet]}{said(state[facet])} <span aria-hidden="true">▾</span></>} className={state[facet].length > 0 ? 'facet chosen' : 'facet'}>
            {() => <Values facet={facet} state={state} onChange={(values) => set({ [facet]: values, sel: '' })} />}
          </Popover>
        ))}
      </div>
    </div>
  )
}

function said(values: readonly string[]): string {
  return values.length === 0 ? '' : values.length < 3 ? `: ${values.map(saidOf).join(', ')}` : `: ${values.length} of them`
}

interface ValuesProps {
  readonly facet: Facet
  readonly state: AuditState
  readonly onChange: (values: readonly string[]) => void
}

function Values({ facet, state, onChange }: ValuesProps): React.ReactNode {
  const { data, isError, error } = useTraceSums(traceQuery({ ...state, [facet]: [] }), state.t, { by: facet, limit: 200, buckets: 1, turn: '' })
  const [typed, setTyped] = useState('')
  const chosen = state[facet]
  const counts = new Map((data?.groups ?? []).map(({ value, traces }) => [value ?? notTold, traces] as const))
  const known = chosen.map((value) => value.replace(/^!/, ''))
  const all = [...known, ...[...counts.keys()].filter((value) => !known.includes(value))].filter((value) => saidOf(value).toLowerCase().includes(typed.toLowerCase()))
  const wanted = chosen.filter((value) => !value.startsWith('!'))
  return (
    <div className="picker">
      <input type="search" aria-label={`Find ${facet}`} placeholder={`Any ${facet}`} value={typed} onChange={(event) => setTyped(event.target.value)} />
      <div className="picker-list">
        {all.map((value) => (
          <div key={value} className="picker-row">
            <label><input type="checkbox" checked={wanted.includes(value)} onChange={() => onChange(wanted.includes(value) ? wanted.filter((each) => each !== value) : [...wanted, value])} /><span className="grow" title={value}>{saidOf(value)}</span><span className="dim number">{count(counts.get(value) ?? 0)}</span></label>
            <button type="button" className="quiet" aria-pressed={chosen.includes(`!${value}`)} aria-label={`Leave out ${saidOf(value)}`} title="Leave it out" onClick={() => onChange(chosen.includes(`!${value}`) ? chosen.filter((each) => each !== `!${value}`) : without(chosen, value))}>≠</button>
          </div>
        ))}
      </div>
      {data === undefined && !isError && <p className="dim asking">asking …</p>}
      {isError && <p className="bad" role="alert">{asRefused(error).message}</p>}
      {data !== undefined && all.length === 0 && <p className="dim">{typed === '' ? 'No trace of this span has one.' : `None is called “${typed}”.`}</p>}
      {data !== undefined && data.others.groups > 0 && <p className="dim">The {count(data.groups.length)} with most traces; {count(data.others.groups)} more have {count(data.others.traces)}.</p>}
      {chosen.length > 0 && <button type="button" onClick={() => onChange([])}>Any {facet}</button>}
    </div>
  )
}
