import { useEffect, useRef } from 'react'
import { useLocalKeys } from '../state/keys.ts'

/** Beside a list: everything about what was opened. Takes the focus when `of` changes, gives it back when it closes by Escape or its button. */
export function Drawer({
  of,
  name,
  title,
  onClose,
  children,
}: {
  /** What it shows, as the address says it. */
  readonly of: string
  /** What it is, for those who do not see it. */
  readonly name: string
  readonly title: React.ReactNode
  readonly onClose: () => void
  readonly children: React.ReactNode
}): React.ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    const before = document.activeElement
    heading.current?.focus({ preventScroll: true })
    // In a low or narrow window it may begin further down.
    heading.current?.closest('aside')?.scrollIntoView({ block: 'nearest' })
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [of])
  const onKeyDown = useLocalKeys('In what is open beside', [{ keys: ['Escape'], does: 'close it', run: onClose }])
  return (
    <aside className="panel drawer" aria-label={name} onKeyDown={onKeyDown}>
      <div className="drawer-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="quiet" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </div>
      <div className="drawer-body" tabIndex={0} role="region" aria-label={`${name}: details`}>
        {children}
      </div>
    </aside>
  )
}

/** A name and its value in a drawer. */
export function Fact({
  name,
  tone,
  meaning,
  children,
}: {
  readonly name: string
  readonly tone?: string | undefined
  readonly meaning?: string | undefined
  readonly children: React.ReactNode
}): React.ReactNode {
  return (
    <>
      <dt>
        {name}
        {meaning !== undefined && <small>{meaning}</small>}
      </dt>
      <dd className={tone}>{children}</dd>
    </>
  )
}
