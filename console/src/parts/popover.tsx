import { useEffect, useId, useRef, useState } from 'react'

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
    if (!open) return undefined
    root.current?.querySelector('.popover-panel')?.scrollIntoView({ block: 'nearest' })
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setOpen(false)
    }
    // If the focused element was removed, keys reach only the document.
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || document.activeElement !== document.body) return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', onPointer)
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('pointerdown', onPointer)
      document.removeEventListener('keydown', onKey)
    }
  }, [open])
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
