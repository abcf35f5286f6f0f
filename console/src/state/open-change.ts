import { oneOf, text } from './parts.ts'

const changeViews = ['diff', 'before', 'after'] as const
export type ChangeView = (typeof changeViews)[number]

export type OpenChange = Readonly<{
  sel: string
  as: ChangeView
}>

export const openChangeParts = { sel: text(), as: oneOf(changeViews, 'diff') } as const
