import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useCloseOutside } from '../hooks/use-close-outside.ts'

export function Popover({
  label,
  name,
  className,
  preload,
  children,
}: {
  label: React.ReactNode
  name: string
  className?: string
  /** Loads the content before it is opened, so that Tab reaches it at once. */
  preload?: () => void
  children: (close: () => void) => React.ReactNode
}): React.ReactNode {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  useEffect(() => {
    if (open) root.current?.querySelector('.popover-panel')?.scrollIntoView({ block: 'nearest' })
  }, [open])
  const parts = useMemo(() => [root, button], [])
  const dismiss = useCallback(() => setOpen(false), [])
  useCloseOutside({ open, parts, close: dismiss })
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  return (
    <div
      className={`popover ${className ?? ''}`}
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return
        event.stopPropagation()
        close()
      }}
      onBlur={(event) => {
        if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget)) setOpen(false)
      }}
    >
      <button
        type="button"
        ref={button}
        aria-expanded={open}
        aria-haspopup="dialog"
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onFocus={preload}
        onPointerEnter={preload}
      >
        {label}
      </button>
      {open && (
        <div className="popover-panel" id={id} role="dialog" aria-label={name}>
          {children(close)}
        </div>
      )}
    </div>
  )
}
