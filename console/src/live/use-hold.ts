import { useEffect, useState } from 'react'

export function useHold(element: HTMLElement | null): boolean {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (element === null) return undefined
    let hovered = false
    const look = () => {
      const selection = getSelection()
      const selects = selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode)
      setHeld(hovered || element.scrollTop > 4 || selects || element.contains(document.activeElement))
    }
    const enter = (event: PointerEvent) => {
      hovered = event.pointerType === 'mouse'
      look()
    }
    const leave = () => {
      hovered = false
      look()
    }
    const later = () => queueMicrotask(look)
    element.addEventListener('pointerenter', enter)
    element.addEventListener('pointerleave', leave)
    element.addEventListener('scroll', look, { passive: true })
    element.addEventListener('focusin', later)
    element.addEventListener('focusout', later)
    document.addEventListener('selectionchange', look)
    return () => {
      element.removeEventListener('pointerenter', enter)
      element.removeEventListener('pointerleave', leave)
      element.removeEventListener('scroll', look)
      element.removeEventListener('focusin', later)
      element.removeEventListener('focusout', later)
      document.removeEventListener('selectionchange', look)
    }
  }, [element])
  return held
}
