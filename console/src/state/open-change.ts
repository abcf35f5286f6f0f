import { oneOf, text } from './parts.ts'

const changeViews = ['diff', 'before', 'after'] as const
export type ChangeView = (typeof changeViews)[number]

export interface OpenChange {
  readonly sel: string
  readonly as: ChangeView
}

export const openChangeParts = { sel: text(), as: oneOf(changeViews, 'diff') } as const
