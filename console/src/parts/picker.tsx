import { useState } from 'react'
import { asApiError } from '../api/problem.ts'
import { leftOut, toggled, wanted } from './choices.ts'
import { count } from './format.ts'
import { Popover } from './popover.tsx'
import { nouns, type Noun } from '../text/nouns.ts'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'
import './picker.css'

type FacetsProps<Facet extends string> = Readonly<{
  titles: Readonly<Record<Facet, string>>
  chosen: Readonly<Record<Facet, readonly string[]>>
  labelOf?: (value: string) => string
  children: (facet: Facet) => React.ReactNode
}>

const asItIs = (value: string) => value

export function Facets<Facet extends string>({
  titles,
  chosen,
  labelOf = asItIs,
  children,
}: FacetsProps<Facet>): React.ReactNode {
  const text = (values: readonly string[]) =>
    values.length === 0
      ? ''
      : values.length < 3
        ? `: ${values.map(labelOf).join(', ')}`
        : partsText.chosenValues(values.length)
  return (
    <div role="group" aria-label={partsText.filters} className="facets">
      {(Object.keys(titles) as Facet[]).map((facet) => (
        <Popover
          key={facet}
          name={partsText.choose(facet)}
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

type PickerProps = Readonly<{
  facet: string
  of: Noun
  chosen: readonly string[]
  values: readonly (readonly [value: string, n: number])[] | undefined
  others: Readonly<{ groups: number; n: number }> | undefined
  error: unknown
  labelOf?: (value: string) => string
  leaves?: boolean
  onChange: (values: readonly string[]) => void
}>

export function Picker({
  facet,
  of,
  chosen,
  values,
  others,
  error,
  labelOf = asItIs,
  leaves = false,
  onChange,
}: PickerProps): React.ReactNode {
  const [typed, setTyped] = useState('')
  const counts = new Map(values)
  const chosenValues = leaves ? chosen.map((value) => value.replace(/^!/, '')) : chosen
  const all = [...chosenValues, ...[...counts.keys()].filter((value) => !chosenValues.includes(value))].filter(
    (value) => labelOf(value).toLowerCase().includes(typed.toLowerCase()),
  )
  return (
    <div className="picker">
      <input
        type="search"
        aria-label={partsText.find(facet)}
        placeholder={partsText.any(facet)}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="picker-list">
        {all.map((value) => (
          <PickerRow
            key={value}
            value={value}
            label={labelOf(value)}
            n={counts.get(value) ?? 0}
            chosen={chosen}
            leaves={leaves}
            onChange={onChange}
          />
        ))}
      </div>
      {values === undefined && error == null && <p className="dim asking">{generalText.loading}</p>}
      {error != null && (
        <p className="bad" role="alert">
          {asApiError(error).message}
        </p>
      )}
      {values !== undefined && all.length === 0 && (
        <p className="dim">{typed === '' ? partsText.noValue(nouns[of][0]) : partsText.noMatch(typed)}</p>
      )}
      {values !== undefined && others !== undefined && others.groups > 0 && (
        <p className="dim">
          {partsText.largestValues(count(values.length), nouns[of][1], count(others.groups), count(others.n))}
        </p>
      )}
      {chosen.length > 0 && (
        <button type="button" onClick={() => onChange([])}>
          {partsText.any(facet)}
        </button>
      )}
    </div>
  )
}

type PickerRowProps = Pick<PickerProps, 'chosen' | 'onChange'> &
  Readonly<{ value: string; label: string; n: number; leaves: boolean }>

function PickerRow({ value, label, n, chosen, leaves, onChange }: PickerRowProps) {
  const left = chosen.includes(`!${value}`)
  return (
    <div className="picker-row">
      <label>
        <input
          type="checkbox"
          checked={chosen.includes(value)}
          onChange={() => onChange(leaves ? wanted(chosen, value) : toggled(chosen, value))}
        />
        <span className="grow" title={value}>
          {label}
        </span>
        <span className="dim number">{count(n)}</span>
      </label>
      {leaves && (
        <button
          type="button"
          className="quiet"
          aria-pressed={left}
          aria-label={partsText.excludeValue(label)}
          title={partsText.exclude}
          onClick={() => onChange(left ? chosen.filter((choice) => choice !== `!${value}`) : leftOut(chosen, value))}
        >
          ≠
        </button>
      )}
    </div>
  )
}
