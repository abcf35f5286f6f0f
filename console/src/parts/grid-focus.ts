import { useCallback, useLayoutEffect, useRef } from 'react'
import type { Place } from './grid-keys.ts'

/** The place of the focus by the id of its column, because columns change. */
export interface ActiveCell extends Place {
  readonly id: string | undefined
}

/** A table that was removed while it had the focus. */
type Removed = Readonly<{
  active: ActiveCell
  label: string
  page: string
  section: HTMLElement | null
}>

let removed: Removed | undefined

/**
 * Keeps the focus in the table when its cell is removed, moved or replaced. A table that replaces it on the same page
 * takes the focus over.
 */
export function useGridFocus(
  scroller: React.RefObject<HTMLElement | null>,
  {
    label,
    active,
    place,
    onActive,
  }: Readonly<{ label: string; active: ActiveCell; place: Place; onActive: (active: ActiveCell) => void }>,
): Readonly<{ onFocus: () => void; onBlur: () => void; follow: () => void }> {
  const hasFocus = useRef(false)
  const follows = useRef(false)
  const latest = useRef({ active, label })
  useLayoutEffect(() => {
    latest.current = { active, label }
  })
  useLayoutEffect(() => {
    const [grid, page] = [scroller.current, location.pathname]
    const before = takeOver(latest.current.label)
    if (before !== undefined) {
      follows.current = true
      onActive(before)
    }
    return () => {
      if (hasFocus.current && grid !== null) leave(grid, { ...latest.current, page })
    }
  }, [scroller, onActive])
  useLayoutEffect(() => {
    const grid = scroller.current
    if (grid === null || (!hasFocus.current && !follows.current)) return
    const cell = grid.querySelector<HTMLElement>(`[data-at="${place.row}:${place.column}"]`)
    // A table has no rows before it has measured its place.
    if (!(cell ?? grid).contains(document.activeElement)) (cell ?? grid).focus({ preventScroll: true })
    if (!follows.current || cell === null) return
    follows.current = false
    cell.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  })
  return {
    onFocus: useCallback(() => {
      hasFocus.current = true
    }, []),
    // A removed cell fires no blur event; that of an inactive window keeps its active element.
    onBlur: useCallback(() => {
      hasFocus.current = scroller.current?.contains(document.activeElement) === true
    }, [scroller]),
    follow: useCallback(() => {
      follows.current = hasFocus.current || isLost()
    }, []),
  }
}

function isLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body
}

/** Until another table replaces this one, its section has the focus. */
function leave(grid: HTMLElement, of: Omit<Removed, 'section'>): void {
  const section = grid.parentElement?.closest('section') ?? null
  removed = of.page === location.pathname ? { ...of, section } : undefined
  // After the commit, which can also remove the section.
  queueMicrotask(() => {
    if (removed === undefined || !isLost()) return
    const heir = section?.isConnected === true ? section : document.querySelector('main')
    if (heir?.hasAttribute('tabindex') === false) heir.tabIndex = -1
    heir?.focus({ preventScroll: true })
  })
}

function takeOver(label: string): ActiveCell | undefined {
  if (removed === undefined) return undefined
  const before = removed
  const now = document.activeElement
  const isWaiting = isLost() || now === before.section || now?.localName === 'main'
  if (before.page === location.pathname && !isWaiting) return undefined
  removed = undefined
  if (before.page !== location.pathname) return undefined
  return before.label === label ? before.active : { ...before.active, row: Math.min(before.active.row, 0) }
}
