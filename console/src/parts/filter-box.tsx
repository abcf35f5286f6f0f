import { lazy, Suspense, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import type { Import, TextProblem, ViewColumn } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { useLocalKeys } from '../state/keys.ts'
import { filterForm, usePreference } from '../state/preferences.ts'
import { filterText } from '../text/filter.ts'
import { ErrorNotice } from './states.tsx'
import type { Range } from '../state/range.ts'
import { checkFilter, type Checked } from './filter-check.ts'
import type { Condition } from './filter-chips.ts'
import { FilterPaint } from './filter-paint.tsx'
import { useSuggestions, type FilterNames, type Suggestion } from './suggestions.ts'
import { conditionBefore, inserted, writtenBefore } from './filter-text.ts'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'

const FilterConditions = lazy(() => import('./filter-conditions.tsx'))

type FilterBoxProps = Readonly<{
  names: FilterNames
  example: string
  fields: readonly ViewColumn[]
  filter: string
  range: Range
  onChange: (filter: string) => void
  /** Absent: the filter has no source and destination. */
  onImport?: (imported: Import) => void
}>

const foreignLink = /^https?:\/\/|[?&]filters=/

export function FilterBox({
  names,
  example,
  fields,
  filter,
  range,
  onChange,
  onImport,
}: FilterBoxProps): React.ReactNode {
  const [text, setText] = useState(filter)
  const [caret, setCaret] = useState<number>()
  const [at, setAt] = useState(-1)
  const [errors, setErrors] = useState<readonly TextProblem[]>([])
  const [trouble, setTrouble] = useState<Readonly<{ error: unknown; again: () => void }>>()
  const input = useRef<HTMLInputElement>(null)
  const lastChecked = useRef('')
  const caretTo = useRef<readonly [from: number, to: number]>(undefined)
  const form = usePreference(filterForm)
  // After a filter was applied, its chips are shown although the input has the focus.
  const [editing, setEditing] = useState(false)
  useLayoutEffect(() => {
    const selection = caretTo.current
    caretTo.current = undefined
    if (selection !== undefined) input.current?.setSelectionRange(...selection)
  })
  const id = useId()
  useEffect(() => {
    setText(filter)
    setErrors([])
    setTrouble(undefined)
    if (filter === lastChecked.current) return undefined
    let gone = false
    checkFilter(filter, names).then(({ errors: problems = [] }) => {
      if (!gone) setErrors(problems)
    }, reportError)
    return () => {
      gone = true
    }
  }, [filter, names])
  const imports = onImport !== undefined && foreignLink.test(text.trim())
  const written = caret === undefined || imports ? undefined : writtenBefore(text, caret)
  const suggestions = useSuggestions(
    names,
    fields,
    written,
    caret === undefined ? '' : conditionBefore(text, caret),
    range,
  )
  const open = written !== undefined && suggestions.length > 0
  const apply = async (typed = text) => {
    setCaret(undefined)
    if (imports)
      return onImport(await request<Import>('/api/v1/import', { method: 'POST', body: { url: text.trim() } }))
    const { errors: problems = [], written } = await checkFilter(typed.trim(), names)
    setErrors(problems)
    if (problems.length > 0) return
    take(written ?? typed.trim())
  }
  const take = (next: string) => {
    lastChecked.current = next
    setEditing(false)
    setText(next)
    onChange(next)
  }
  const swap = async () => {
    const { swapped, errors: problems = [] } = await request<Checked>('/api/v1/validate', {
      method: 'POST',
      body: { filter: text, names },
    })
    if (input.current !== null && input.current.value !== text) return
    setErrors(problems)
    if (typeof swapped !== 'string') return
    take(swapped)
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
  const accept = ({ insert, whole = false }: Suggestion) => {
    if (written === undefined) return
    setAt(-1)
    if (whole) {
      const next = inserted(text, written.from, caret ?? text.length, insert)
      setText(next)
      tried(() => apply(next))
      return
    }
    const end = written.from + insert.length
    setText(text.slice(0, written.from) + insert + text.slice(caret))
    setCaret(end)
    caretTo.current = [end, end]
  }
  const edit = ({ from, to }: Pick<Condition, 'from' | 'to'>) => {
    input.current?.focus()
    setEditing(true)
    input.current?.setSelectionRange(from, to)
  }
  const add = () => {
    const next = text.trim() === '' || errors.length > 0 ? text : `${text.trimEnd()} and `
    setText(next)
    setCaret(next.length)
    caretTo.current = [next.length, next.length]
    input.current?.focus()
    setEditing(true)
  }
  const chosen = open ? suggestions[at] : undefined
  const step = (by: 1 | -1) => () => {
    if (open) setAt((at + by + suggestions.length + (at < 0 && by < 0 ? 1 : 0)) % suggestions.length)
    return open
  }
  const takeChosen = () => {
    if (chosen !== undefined) accept(chosen)
    return chosen !== undefined
  }
  const onKeyDown = useLocalKeys(partsText.inTheFilter, [
    { keys: ['Enter', 'Tab'], does: partsText.acceptCompletion, run: takeChosen },
    {
      keys: ['Enter'],
      does: partsText.applyTheFilter,
      run: () => {
        tried(() => apply())
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
      className={editing ? 'filter editing' : 'filter'}
      role="search"
      onBlur={(event) => {
        if (event.currentTarget.contains(event.relatedTarget)) return
        setCaret(undefined)
        // A condition that was not begun.
        if (text === `${filter} and `) setText(filter)
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
        onFocus={() => setEditing(true)}
        onPointerDown={() => setEditing(true)}
        onChange={({ target: { value, selectionStart } }) => {
          const begun = !editing && form === 'conditions' && value.length === text.length + 1 && value.startsWith(text)
          const next = begun && text !== '' && !value.endsWith(' ') ? `${text} and ${value.slice(-1)}` : value
          setText(next)
          setEditing(true)
          setCaret(next === value ? (selectionStart ?? value.length) : next.length)
          setAt(-1)
          setErrors([])
        }}
        onKeyDown={(event) => {
          if (!onKeyDown(event) && /^(?:Arrow|Home|End|Delete|Backspace)/.test(event.key)) setEditing(true)
        }}
      />
      {text !== '' && form === 'text' && <FilterPaint filter={text} />}
      {text !== '' && form === 'conditions' && (
        <Suspense fallback={<FilterPaint filter={text} />}>
          <FilterConditions filter={text} onChange={(next) => tried(() => apply(next))} onEdit={edit} onAdd={add} />
        </Suspense>
      )}
      {text !== '' && (
        <div className="filter-acts">
          <button
            type="button"
            className="quiet"
            aria-label={form === 'text' ? filterText.showAsConditions : filterText.showAsText}
            title={form === 'text' ? filterText.showAsConditions : filterText.showAsText}
            onClick={() => filterForm.set(form === 'text' ? 'conditions' : 'text')}
          >
            {form === 'text' ? '▭' : filterText.textSign}
          </button>
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
          suggestions.map((suggestion, index) => (
            <div
              key={suggestion.insert}
              id={`${id}${index}`}
              role="option"
              aria-selected={index === at}
              onPointerDown={(event) => {
                event.preventDefault()
                accept(suggestion)
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
