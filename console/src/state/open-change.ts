import { oneOf, text } from './parts.ts'

/** How an open change is shown: as a diff, or one version of the object as text. */
export const changeViews = ['diff', 'before', 'after'] as const
export type ChangeView = (typeof changeViews)[number]

/** The open change in the URL of a page. */
export interface OpenChange {
  /** Position of the open change; empty: none. */
  readonly sel: string
  readonly as: ChangeView
}

export const openChangeParts = { sel: text(), as: oneOf(changeViews, 'diff') } as const
