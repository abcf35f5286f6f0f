export const paletteKeys = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'

export const [openPalette, onOpenPalette] = door()
export const [openSaved, onOpenSaved] = door()
export const [openKeys, onOpenKeys] = door()

function door(): readonly [open: () => void, onOpen: (listener: () => void) => () => void] {
  const listeners = new Set<() => void>()
  return [
    () => {
      for (const listener of listeners) listener()
    },
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  ]
}
