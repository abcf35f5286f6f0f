import { useState } from 'react'

export function FindBox({
  q,
  label,
  hint,
  onChange,
}: {
  q: string
  label: string
  hint: string
  onChange: (q: string) => void
}): React.ReactNode {
  const [typed, setTyped] = useState(q)
  const [before, setBefore] = useState(q)
  if (q !== before) {
    setBefore(q)
    setTyped(q)
  }
  return (
    <form
      className="filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        onChange(typed.trim())
      }}
    >
      <input
        type="search"
        aria-label={label}
        placeholder={hint}
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value)
          if (event.target.value === '' && q !== '') onChange('')
        }}
        onBlur={() => {
          if (typed.trim() !== q) onChange(typed.trim())
        }}
      />
    </form>
  )
}
