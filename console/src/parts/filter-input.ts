import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Import, TextProblem, ViewColumn } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { useLocalKeys } from '../state/keys.ts'
import type { Range } from '../state/range.ts'
import { partsText } from '../text/parts.ts'
import { checkFilter, type Checked } from './filter-check.ts'
import type { Condition } from './filter-chips.ts'
import { conditionBefore, inserted, writtenBefore } from './filter-text.ts'
import { useSuggestions, type FilterNames, type Suggestion } from './suggestions.ts'

export type FilterInputProps = Readonly<{
  names: FilterNames
  fields: readonly ViewColumn[]
  filter: string
  range: Range
  onChange: (filter: string) => void
  /** Absent: the filter has no source and destination. */
  onImport?: ((imported: Import) => void) | undefined
}>

const foreignLink = /^https?:\/\/|[?&]filters=/

/** The text that is written, its errors and completions, and what can be done with it. */
export function useFilterInput({ names, fields, filter, range, onChange, onImport }: FilterInputProps) {
  const [text, setText] = useState(filter)
  const [caret, setCaret] = useState<number>()
  const [at, setAt] = useState(-1)
  const [errors, setErrors] = useState<readonly TextProblem[]>([])
  const { trouble, setTrouble, tried } = useTried()
  const input = useRef<HTMLInputElement>(null)
  const lastChecked = useRef('')
  // After a filter was applied, its chips are shown although the input has the focus.
  const [editing, setEditing] = useState(false)
  const setSelection = useSelection(input)
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
  }, [filter, names, setTrouble])
  const imports = onImport !== undefined && foreignLink.test(text.trim())
  const written = caret === undefined || imports ? undefined : writtenBefore(text, caret)
  const before = caret === undefined ? '' : conditionBefore(text, caret)
  const suggestions = useSuggestions(names, fields, written, before, range)
  const open = written !== undefined && suggestions.length > 0
  const apply = async (typed = text) => {
    setCaret(undefined)
    if (imports)
      return onImport(await request<Import>('/api/v1/import', { method: 'POST', body: { url: text.trim() } }))
    const { errors: problems = [], written: valid } = await checkFilter(typed.trim(), names)
    setErrors(problems)
    if (problems.length === 0) take(valid ?? typed.trim())
  }
  const take = (next: string) => {
    lastChecked.current = next
    setEditing(false)
    setText(next)
    onChange(next)
  }
  const swap = async () => {
    const body = { filter: text, names }
    const { swapped, errors: problems = [] } = await request<Checked>('/api/v1/validate', { method: 'POST', body })
    if (input.current !== null && input.current.value !== text) return
    setErrors(problems)
    if (typeof swapped === 'string') take(swapped)
  }
  const clear = () => {
    setText('')
    setErrors([])
    onChange('')
    input.current?.focus()
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
    setText(text.slice(0, written.from) + insert + text.slice(caret))
    setCaret(setSelection(written.from + insert.length))
  }
  const edit = ({ from, to }: Pick<Condition, 'from' | 'to'>) => {
    input.current?.focus()
    setEditing(true)
    input.current?.setSelectionRange(from, to)
  }
  const add = () => {
    const next = text.trim() === '' || errors.length > 0 ? text : `${text.trimEnd()} and `
    setText(next)
    setCaret(setSelection(next.length))
    input.current?.focus()
    setEditing(true)
  }
  const acts = { apply, swap, clear, accept, edit, add, tried }
  const set = { text: setText, caret: setCaret, at: setAt, errors: setErrors, editing: setEditing }
  return { text, at, errors, trouble, input, editing, suggestions, open, set, acts }
}

export type FilterInput = ReturnType<typeof useFilterInput>

export function useFilterKeys({ text, at, input, suggestions, open, set, acts }: FilterInput) {
  const step = (by: 1 | -1) => () => {
    if (open) set.at((at + by + suggestions.length + (at < 0 && by < 0 ? 1 : 0)) % suggestions.length)
    return open
  }
  const takeChosen = () => {
    const chosen = open ? suggestions[at] : undefined
    if (chosen !== undefined) acts.accept(chosen)
    return chosen !== undefined
  }
  const close = () => {
    if (open) set.caret(undefined)
    return open
  }
  const complete = () => set.caret(input.current?.selectionStart ?? text.length)
  return useLocalKeys(partsText.inTheFilter, [
    { keys: ['Enter', 'Tab'], does: partsText.acceptCompletion, run: takeChosen },
    { keys: ['Enter'], does: partsText.applyTheFilter, run: () => acts.tried(() => acts.apply()) },
    { keys: ['Mod+Space'], does: partsText.showCompletions, run: complete },
    { keys: ['ArrowDown'], does: partsText.nextCompletion, run: step(1) },
    { keys: ['ArrowUp'], does: partsText.previousCompletion, run: step(-1) },
    { keys: ['Escape'], does: partsText.closeCompletions, run: close },
  ])
}

function useTried() {
  const [trouble, setTrouble] = useState<Readonly<{ error: unknown; again: () => void }>>()
  const tried = (work: () => Promise<void>): void => {
    setTrouble(undefined)
    work().catch((error: unknown) => setTrouble({ error, again: () => tried(work) }))
  }
  return { trouble, setTrouble, tried }
}

/** Returns a function that sets the caret once the input has its new text. */
function useSelection(input: React.RefObject<HTMLInputElement | null>): (caret: number) => number {
  const caretTo = useRef<number>(undefined)
  useLayoutEffect(() => {
    const caret = caretTo.current
    caretTo.current = undefined
    if (caret !== undefined) input.current?.setSelectionRange(caret, caret)
  })
  return (caret) => (caretTo.current = caret)
}
