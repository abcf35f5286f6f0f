import { useEffect, type RefObject } from 'react'

type Part = RefObject<HTMLElement | null>

type Closing = Readonly<{
  open: boolean
  /** A pointer outside of all of them closes. */
  parts: readonly Part[]
  close: () => void
}>

/** Closes by a pointer elsewhere and by Escape. `parts` and `close` must be stable. The last part gets the focus. */
export function useCloseOutside({ open, parts, close }: Closing): void {
  useEffect(() => {
    if (!open) return undefined
    const onPointer = ({ target }: PointerEvent) => {
      if (target instanceof Node && !parts.some(({ current }) => current?.contains(target) === true)) close()
    }
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key !== 'Escape' || defaultPrevented) return
      close()
      parts.at(-1)?.current?.focus()
    }
    document.addEventListener('pointerdown', onPointer)
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('pointerdown', onPointer)
      document.removeEventListener('keydown', onKey)
    }
  }, [open, parts, close])
}
