import { useEffect, useState } from 'react'

type LateInputProps = Readonly<{
  label: string
  value: string
  pattern?: string
  hint?: string
  list?: string | undefined
  onChange: (value: string) => void
}>

/** Applies a text on Enter or when the focus leaves, so that no query runs for half of a filter. */
export function LateInput({ label, value, pattern, hint, list, onChange }: LateInputProps): React.ReactNode {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const apply = (input: HTMLInputElement) => {
    if (input.value !== value && input.reportValidity()) onChange(input.value)
  }
  return (
    <label className="control">
      {label}{' '}
      <input
        value={text}
        placeholder={hint}
        list={list}
        required={pattern !== undefined}
        {...(pattern === undefined ? {} : { pattern })}
        onChange={(event) => {
          setText(event.target.value)
        }}
        onBlur={(event) => apply(event.target)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') apply(event.currentTarget)
        }}
      />
    </label>
  )
}
