import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import type { TextProblem, ViewColumn } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { asApiError } from '../api/problem.ts'
import { useLocalKeys } from '../state/keys.ts'
import { ErrorNotice } from './states.tsx'
import type { Range } from '../state/range.ts'
import { FilterPaint } from './filter-paint.tsx'
import { useSuggestions, type FilterNames, type Suggestion } from './suggestions.ts'
import { conditionBefore, writtenBefore } from './filter-text.ts'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'

type FilterBoxProps = Readonly<{
  names: FilterNames
  example: string
  fields: readonly ViewColumn[]
  filter: string
  range: Range
  onChange: (filter: string) => void
  meant?: (text: string) => string
  /** Absent: the filter has no source and destination. */
  onImport?: (imported: Imported) => void
}>

export type Imported = Readonly<{
  filter: string
  both_ways: boolean
  from: string | null
  to: string | null
  dropped: readonly Readonly<{ part: string; reason: string }>[]
}>

const foreignLink = /^https?:\/\/|[?&]filters=/

type Checked = Readonly<{
  ok: boolean
  swapped?: string | null
  errors?: readonly TextProblem[]
}>

/** Without a completion endpoint, the query itself reports errors. */
async function checked(filter: string, names: FilterNames): Promise<Checked> {
  if (filter.trim() === '') return { ok: true }
  try {
    return await request<Checked>('/api/v1/validate', { method: 'POST', body: { filter, names } })
  } catch (error) {
    const refused = asApiError(error)
    return refused.code === 'WEIR_API_FILTER' ? { ok: false, errors: refused.errors } : { ok: true }
  }
}

export function FilterBox({
  names,
  example,
  fields,
  filter,
  range,
  onChange,
  meant,
  onImport,
}: FilterBoxProps): React.ReactNode {
  const [text, setText] = useState(filter)
  const [caret, setCaret] = useState<number>()
  const [at, setAt] = useState(-1)
  const [errors, setErrors] = useState<readonly TextProblem[]>([])
  const [trouble, setTrouble] = useState<Readonly<{ error: unknown; again: () => void }>>()
  const input = useRef<HTMLInputElement>(null)
  const lastChecked = useRef('')
  const caretTo = useRef<number>(undefined)
  useLayoutEffect(() => {
    const end = caretTo.current
    caretTo.current = undefined
    if (end !== undefined) input.current?.setSelectionRange(end, end)
  })
  const id = useId()
  useEffect(() => {
    setText(filter)
    setErrors([])
    setTrouble(undefined)
    if (filter === lastChecked.current) return undefined
    let gone = false
    checked(filter, names).then(({ errors: problems = [] }) => {
      if (!gone) setErrors(problems)
    }, reportError)
    return () => {
      gone = true
    }
  }, [filter, names])
  const imports = onImport !== undefined && foreignLink.test(text.trim())
  const written = caret === undefined || imports ? undefined : writtenBefore(text, caret)
  const found = useSuggestions(names, fields, written, caret === undefined ? '' : conditionBefore(text, caret), range)
  const open = written !== undefined && found.length > 0
  const apply = async () => {
    setCaret(undefined)
    if (imports)
      return onImport(await request<Imported>('/api/v1/import', { method: 'POST', body: { url: text.trim() } }))
    const candidate = (meant?.(text) ?? text).trim()
    const { errors: problems = [] } = await checked(candidate, names)
    setErrors(problems)
    if (problems.length > 0) return
    lastChecked.current = candidate
    setText(candidate)
    onChange(lastChecked.current)
  }
  const swap = async () => {
    const { swapped, errors: problems = [] } = await request<Checked>('/api/v1/validate', {
      method: 'POST',
      body: { filter: text, names },
    })
    if (input.current !== null && input.current.value !== text) return
    setErrors(problems)
    if (typeof swapped !== 'string') return
    lastChecked.current = swapped
    setText(swapped)
    onChange(swapped)
  }
  const clear = () => {
    setText('')
    setErrors([])
    onChange('')
    input.current?.focus()
  }
  const tried = (work: () => Promise<void>) => {
    setTrouble(undefined)
    work().catch((error: unknown) => setTrouble({ error, again: () => tried(work) }))
  }
  const take = ({ insert }: Suggestion) => {
    if (written === undefined) return
    const end = written.from + insert.length
    setText(text.slice(0, written.from) + insert + text.slice(caret))
    setAt(-1)
    setCaret(end)
    caretTo.current = end
  }
  const chosen = open ? found[at] : undefined
  const step = (by: 1 | -1) => () => {
    if (open) setAt((at + by + found.length + (at < 0 && by < 0 ? 1 : 0)) % found.length)
    return open
  }
  const takeChosen = () => {
    if (chosen !== undefined) take(chosen)
    return chosen !== undefined
  }
  const onKeyDown = useLocalKeys(partsText.inTheFilter, [
    { keys: ['Enter', 'Tab'], does: partsText.acceptCompletion, run: takeChosen },
    {
      keys: ['Enter'],
      does: partsText.applyTheFilter,
      run: () => {
        tried(apply)
      },
    },
    {
      keys: ['Mod+Space'],
      does: partsText.showCompletions,
      run: () => setCaret(input.current?.selectionStart ?? text.length),
    },
    { keys: ['ArrowDown'], does: partsText.nextCompletion, run: step(1) },
    { keys: ['ArrowUp'], does: partsText.previousCompletion, run: step(-1) },
    {
      keys: ['Escape'],
      does: partsText.closeCompletions,
      run: () => {
        if (open) setCaret(undefined)
        return open
      },
    },
  ])
  const wrong = errors[0]
  return (
    <div
      className="filter"
      role="search"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setCaret(undefined)
      }}
    >
      <input
        ref={input}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        placeholder={partsText.filterExample(example)}
        role="combobox"
        aria-label={partsText.filter}
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}list`}
        aria-activedescendant={open && at >= 0 ? `${id}${at}` : undefined}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : `${id}wrong`}
        onChange={(event) => {
          setText(event.target.value)
          setCaret(event.target.selectionStart ?? event.target.value.length)
          setAt(-1)
          setErrors([])
        }}
        onKeyDown={onKeyDown}
      />
      {text !== '' && <FilterPaint filter={text} />}
      {text !== '' && (
        <div className="filter-acts">
          {onImport !== undefined && (
            <button
              type="button"
              className="quiet"
              onClick={() => tried(swap)}
              aria-label={partsText.swapEnds}
              title={partsText.swapEnds}
            >
              ⇄
            </button>
          )}
          <button
            type="button"
            className="quiet"
            onClick={clear}
            aria-label={generalText.clearFilter}
            title={generalText.clearFilter}
          >
            ✕
          </button>
        </div>
      )}
      <div id={`${id}list`} className="filter-list" role="listbox" aria-label={partsText.completions} hidden={!open}>
        {open &&
          found.map((suggestion, index) => (
            <div
              key={suggestion.insert}
              id={`${id}${index}`}
              role="option"
              aria-selected={index === at}
              onPointerDown={(event) => {
                event.preventDefault()
                take(suggestion)
              }}
            >
              <span>{suggestion.name}</span>
              <span>{suggestion.detail}</span>
            </div>
          ))}
      </div>
      {trouble !== undefined && <ErrorNotice error={trouble.error} onRetry={trouble.again} />}
      {wrong !== undefined && (
        <p id={`${id}wrong`} className="filter-error" role="alert">
          {wrong.message}
          {wrong.hint === undefined ? '' : ` ${wrong.hint}`}{' '}
          <code>
            {text.slice(Math.max(0, wrong.from - 20), wrong.from)}
            <mark>{text.slice(wrong.from, wrong.to) || '␣'}</mark>
            {text.slice(wrong.to, wrong.to + 20)}
          </code>
        </p>
      )}
    </div>
  )
}
