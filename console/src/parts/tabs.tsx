import { useEffect, useRef } from 'react'
import { useLocalKeys } from '../state/keys.ts'
import { partsText } from '../text/parts.ts'

type TabsProps<T extends string> = Readonly<{
  label: string
  tabs: readonly Readonly<{ id: T; title: string }>[]
  chosen: T
  controls: string
  onChange: (id: T) => void
}>

/** The tab that keys chose last: the new view may bring its own list, which then takes the focus. */
let chosenByKeys: string | undefined

export function Tabs<T extends string>({ label, tabs, chosen, controls, onChange }: TabsProps<T>): React.ReactNode {
  const list = useRef<HTMLDivElement>(null)
  const step = (by: number) => {
    const next = tabs[(tabs.findIndex(({ id }) => id === chosen) + by + tabs.length) % tabs.length]
    if (next === undefined) return
    chosenByKeys = `${label} ${next.id}`
    onChange(next.id)
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
  }
  useEffect(() => {
    if (chosenByKeys === `${label} ${chosen}` && document.activeElement === document.body)
      list.current?.querySelector<HTMLElement>(`[data-tab="${chosen}"]`)?.focus()
    chosenByKeys = undefined
  }, [])
  const onKeyDown = useLocalKeys(partsText.inTabs(label), [
    { keys: ['ArrowRight'], does: partsText.nextTab, run: () => step(1) },
    { keys: ['ArrowLeft'], does: partsText.previousTab, run: () => step(-1) },
  ])
  return (
    <div className="tabs" ref={list} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          role="tab"
          data-tab={id}
          aria-selected={id === chosen}
          aria-controls={controls}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChange(id)}
        >
          {title}
        </button>
      ))}
    </div>
  )
}
