import { useLayoutEffect, useRef, useState } from 'react'
import { useIsPhone } from '../hooks/use-is-phone.ts'
import { partsText } from '../text/parts.ts'

export type PageBarProps = Readonly<{
  /** Before the children; on a phone in a sheet. */
  filter: React.ReactNode
  /** After the children; on a phone in the sheet. */
  more?: React.ReactNode
  /** What filters, in words; empty ones are left out. */
  active: readonly (string | readonly string[])[]
  children?: React.ReactNode
}>

export function PageBar({ filter, more, active, children }: PageBarProps): React.ReactNode {
  const isPhone = useIsPhone()
  return (
    <div className="page-bar">
      {isPhone ? (
        <FilterSheet active={active.flat().filter((text) => text !== '')}>
          {filter}
          {more}
        </FilterSheet>
      ) : (
        filter
      )}
      {children}
      {!isPhone && more}
    </div>
  )
}

type FilterSheetProps = Readonly<{ active: readonly string[]; children: React.ReactNode }>

function FilterSheet({ active, children }: FilterSheetProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  useLayoutEffect(() => {
    if (open) dialog.current?.showModal()
  }, [open])
  const close = () => {
    dialog.current?.close()
    setOpen(false)
  }
  return (
    <>
      <button
        type="button"
        className={active.length === 0 ? 'sheet-button' : 'sheet-button chosen'}
        aria-haspopup="dialog"
        aria-expanded={open}
        title={active.join(', ')}
        onClick={() => setOpen(true)}
      >
        {partsText.filters}
        {active.length > 0 && <span className="sheet-active">{active.join(', ')}</span>}
      </button>
      <dialog
        ref={dialog}
        className="sheet"
        aria-label={partsText.filters}
        onClose={(event) => {
          // The event comes later, when the sheet may be open again.
          if (event.target === dialog.current && !dialog.current.open) setOpen(false)
        }}
        onClick={(event) => {
          if (event.target === dialog.current) close()
        }}
      >
        {open && (
          <>
            <div className="sheet-head">
              <h2>{partsText.filters}</h2>
              <button type="button" className="primary" onClick={close}>
                {partsText.showRows}
              </button>
            </div>
            <div className="sheet-body">{children}</div>
          </>
        )}
      </dialog>
    </>
  )
}
