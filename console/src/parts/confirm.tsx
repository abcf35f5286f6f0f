import { useEffect, useRef } from 'react'
import { generalText } from '../text/general.ts'
import './confirm.css'

type ConfirmProps = Readonly<{
  title: string
  act: string
  final?: boolean
  onYes: () => void
  onNo: () => void
  children: React.ReactNode
}>

export function Confirm({ title, act, final = false, onYes, onNo, children }: ConfirmProps): React.ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (element?.open === false) element.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-label={title}
      onCancel={onNo}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <h2>{title}</h2>
      <div>{children}</div>
      <p className="confirm-acts">
        <button type="button" autoFocus onClick={onNo}>
          {generalText.cancel}
        </button>
        <button type="button" className={final ? 'final' : 'primary'} onClick={onYes}>
          {act}
        </button>
      </p>
    </dialog>
  )
}
