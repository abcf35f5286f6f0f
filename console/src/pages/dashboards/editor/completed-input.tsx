import { useEffect, useId, useRef, useState } from 'react'
import { dashboardsText } from '../text.ts'

/** Replaces the text from `from` to the caret. */
export type Suggested = Readonly<{ from: number; items: readonly string[] }>

type CompletedInputProps = Readonly<{
  label: string
  value: string
  hint?: string
  /** Takes text and caret; is called while the field has the focus. */
  useSuggested: (text: string, caret: number | undefined) => Suggested
  onChange: (value: string) => void
}>

const mostShown = 12

/** A text with completions. It applies on Enter or when the focus leaves: no query runs for half of a text. */
export function CompletedInput({ label, value, hint, useSuggested, onChange }: CompletedInputProps): React.ReactNode {
  const [text, setText] = useState(value)
  const [caret, setCaret] = useState<number>()
  const [at, setAt] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => setText(value), [value])
  const { from, items } = useSuggested(text, caret)
  const word = caret === undefined ? '' : text.slice(from, caret)
  const shown = caret === undefined ? [] : items.filter((item) => item !== word).slice(0, mostShown)
  const isOpen = shown.length > 0
  const apply = () => {
    setCaret(undefined)
    if (text !== value) onChange(text)
  }
  const accept = (item: string) => {
    const next = text.slice(0, from) + item + text.slice(caret)
    setText(next)
    setAt(-1)
    setCaret(from + item.length)
    requestAnimationFrame(() => input.current?.setSelectionRange(from + item.length, from + item.length))
  }
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const { key, ctrlKey, currentTarget } = event
    if (isOpen && (key === 'ArrowDown' || key === 'ArrowUp')) {
      event.preventDefault()
      setAt((at + (key === 'ArrowDown' ? 1 : at < 0 ? 0 : -1) + shown.length) % shown.length)
    } else if (key === ' ' && ctrlKey) {
      event.preventDefault()
      setCaret(currentTarget.selectionStart ?? text.length)
    } else if (key === 'Escape' && isOpen) {
      event.stopPropagation()
      setCaret(undefined)
    } else if ((key === 'Enter' || key === 'Tab') && isOpen && at >= 0) {
      event.preventDefault()
      accept(shown[at]!)
    } else if (key === 'Enter') apply()
  }
  return (
    <div className="completed">
      <label className="control">
        {label}{' '}
        <input
          ref={input}
          value={text}
          placeholder={hint}
          spellCheck={false}
          autoComplete="off"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={isOpen}
          aria-controls={`${id}list`}
          aria-activedescendant={isOpen && at >= 0 ? `${id}${at}` : undefined}
          onChange={({ target }) => {
            setText(target.value)
            setCaret(target.selectionStart ?? target.value.length)
            setAt(-1)
          }}
          onFocus={({ target }) => setCaret(target.selectionStart ?? target.value.length)}
          onBlur={apply}
          onKeyDown={onKeyDown}
        />
      </label>
      <div
        id={`${id}list`}
        className="filter-list"
        role="listbox"
        aria-label={dashboardsText.completions}
        hidden={!isOpen}
      >
        {shown.map((item, index) => (
          <div
            key={item}
            id={`${id}${index}`}
            role="option"
            aria-selected={index === at}
            onPointerDown={(event) => {
              event.preventDefault()
              accept(item)
            }}
          >
            <span className="mono">{item}</span>
          </div>
        ))}
      </div>
    </div>
  )
}
