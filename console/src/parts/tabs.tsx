interface TabsProps<T extends string> {
  readonly label: string
  readonly tabs: readonly { readonly id: T; readonly title: string }[]
  readonly chosen: T
  /** Id of the element that shows what is chosen. */
  readonly controls: string
  readonly onChange: (id: T) => void
}

/** One of several views. Arrows go from tab to tab. */
export function Tabs<T extends string>({ label, tabs, chosen, controls, onChange }: TabsProps<T>): React.ReactNode {
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const next = tabs[(tabs.findIndex(({ id }) => id === chosen) + step + tabs.length) % tabs.length]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    onChange(next.id)
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(({ id, title }) => (
        <button key={id} type="button" role="tab" data-tab={id} aria-selected={id === chosen} aria-controls={controls} tabIndex={id === chosen ? 0 : -1} onClick={() => onChange(id)}>{title}</button>
      ))}
    </div>
  )
}
