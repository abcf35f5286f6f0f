import { useEffect, useRef } from 'react'
import { useLocalKeys } from '../state/keys.ts'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'

export function Drawer({
  of,
  name,
  title,
  onClose,
  children,
}: {
  of: string
  name: string
  title: React.ReactNode
  onClose: () => void
  children: React.ReactNode
}): React.ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    const before = document.activeElement
    heading.current?.focus({ preventScroll: true })
    heading.current?.closest('aside')?.scrollIntoView({ block: 'nearest' })
    return () => {
      // Without its row, the place of the focus in the table.
      const after = before?.isConnected === true ? before : document.querySelector('.grid [data-at][tabindex="0"]')
      if (after instanceof HTMLElement) after.focus({ preventScroll: true })
    }
  }, [of])
  const onKeyDown = useLocalKeys(partsText.inTheDetailsPanel, [
    { keys: ['Escape'], does: partsText.closeThePanel, run: onClose },
  ])
  return (
    <aside className="panel drawer" aria-label={name} onKeyDown={onKeyDown}>
      <div className="drawer-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="quiet" onClick={onClose} aria-label={generalText.close}>
          ✕
        </button>
      </div>
      <div className="drawer-body" tabIndex={0} role="region" aria-label={partsText.detailsOf(name)}>
        {children}
      </div>
    </aside>
  )
}

export function Fact({
  name,
  tone,
  meaning,
  children,
}: {
  name: string
  tone?: string | undefined
  meaning?: string | undefined
  children: React.ReactNode
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
