import { useEffect, useRef, useState } from 'react'

type OverlayDialogProps = Readonly<{
  className: string
  label: string
  /** Registers the function that opens the dialog. Must be stable. */
  onOpen: (open: () => void) => () => void
  children: (close: () => void) => React.ReactNode
}>

export function OverlayDialog({ className, label, onOpen, children }: OverlayDialogProps): React.ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  useEffect(
    () =>
      onOpen(() => {
        setOpen(true)
        if (dialog.current?.open === false) dialog.current.showModal()
      }),
    [onOpen],
  )
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onClose={() => setOpen(false)}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close()
      }}
    >
      {open && children(() => dialog.current?.close())}
    </dialog>
  )
}
