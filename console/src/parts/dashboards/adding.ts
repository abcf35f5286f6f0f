import type { Range } from '../../state/range.ts'
import type { Panel } from './definition.ts'

/** A panel of a page; what it lacks is that of a new panel. */
export type AddedPanel = Readonly<{ panel: Partial<Panel> & Pick<Panel, 'kind' | 'title'>; t?: Range }>

let added: AddedPanel | undefined
const listeners = new Set<() => void>()

/** Opens the dialog that adds the panel to a dashboard. */
export function openAdding(panel: AddedPanel): void {
  added = panel
  for (const listener of listeners) listener()
}

export function onAdding(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const addedPanel = (): AddedPanel | undefined => added
