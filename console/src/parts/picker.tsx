import { useState } from 'react'
import { asRefused } from '../api/problem.ts'
import { leftOut, toggled, wanted } from './choices.ts'
import { count } from './format.ts'
import { Popover } from './popover.tsx'

interface FacetsProps<Facet extends string> {
  readonly titles: Readonly<Record<Facet, string>>
  readonly chosen: Readonly<Record<Facet, readonly string[]>>
  readonly said?: (value: string) => string
  /** The values to choose from; asked for when somebody looks. */
  readonly children: (facet: Facet) => React.ReactNode
}

const asItIs = (value: string): string => value

/** A button for each part of a filter, with what is chosen of it, and the values under it. */
export function Facets<Facet extends string>({
  titles,
  chosen,
  said = asItIs,
  children,
}: FacetsProps<Facet>): React.ReactNode {
  const text = (values: readonly string[]): string =>
    values.length === 0 ? '' : values.length < 3 ? `: ${values.map(said).join(', ')}` : `: ${values.length} of them`
  return (
    <div role="group" aria-label="Filters" className="facets">
      {(Object.keys(titles) as Facet[]).map((facet) => (
        <Popover
          key={facet}
          name={`Choose ${facet}`}
          label={
            <>
              {titles[facet]}
              {text(chosen[facet])} <span aria-hidden="true">▾</span>
            </>
          }
          className={chosen[facet].length > 0 ? 'facet chosen' : 'facet'}
        >
          {() => children(facet)}
        </Popover>
      ))}
    </div>
  )
}

interface PickerProps {
  readonly facet: string
  /** What is counted: `trace`. */
  readonly of: string
  readonly chosen: readonly string[]
  /** Values and how many have each, the most frequent first; undefined: they are on their way. */
  readonly values: readonly (readonly [value: string, n: number])[] | undefined
  /** Values that are not told apart. */
  readonly others: { readonly groups: number; readonly n: number } | undefined
  /** Why there is no answer. */
  readonly error: unknown
  readonly said?: (value: string) => string
  /** Can a value be left out? */
  readonly leaves?: boolean
  readonly onChange: (values: readonly string[]) => void
}

/** Values to choose from, with how many there are of each. */
export function Picker({
  facet,
  of,
  chosen,
  values,
  others,
  error,
  said = asItIs,
  leaves = false,
  onChange,
}: PickerProps): React.ReactNode {
  const [typed, setTyped] = useState('')
  const counts = new Map(values)
  const known = leaves ? chosen.map((value) => value.replace(/^!/, '')) : chosen
  const all = [...known, ...[...counts.keys()].filter((value) => !known.includes(value))].filter((value) =>
    said(value).toLowerCase().includes(typed.toLowerCase()),
  )
  return (
    <div className="picker">
      <input
        type="search"
        aria-label={`Find ${facet}`}
        placeholder={`Any ${facet}`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="picker-list">
        {all.map((value) => {
          const left = chosen.includes(`!${value}`)
          return (
            <div key={value} className="picker-row">
              <label>
                <input
                  type="checkbox"
                  checked={chosen.includes(value)}
                  onChange={() => onChange(leaves ? wanted(chosen, value) : toggled(chosen, value))}
                />
                <span className="grow" title={value}>
                  {said(value)}
                </span>
                <span className="dim number">{count(counts.get(value) ?? 0)}</span>
              </label>
              {leaves && (
                <button
                  type="button"
                  className="quiet"
                  aria-pressed={left}
                  aria-label={`Leave out ${said(value)}`}
                  title="Leave it out"
                  onClick={() =>
                    onChange(left ? chosen.filter((each) => each !== `!${value}`) : leftOut(chosen, value))
                  }
                >
                  ≠
                </button>
              )}
            </div>
          )
        })}
      </div>
      {values === undefined && error == null && <p className="dim asking">asking …</p>}
      {error != null && (
        <p className="bad" role="alert">
          {asRefused(error).message}
        </p>
      )}
      {values !== undefined && all.length === 0 && (
        <p className="dim">{typed === '' ? `No ${of} of this span has one.` : `None is called “${typed}”.`}</p>
      )}
      {values !== undefined && others !== undefined && others.groups > 0 && (
        <p className="dim">
          The {count(values.length)} with most {of}s; {count(others.groups)} more have {count(others.n)}.
        </p>
      )}
      {chosen.length > 0 && (
        <button type="button" onClick={() => onChange([])}>
          Any {facet}
        </button>
      )}
    </div>
  )
}
