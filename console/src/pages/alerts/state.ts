import { codecOf } from '../../state/codec.ts'
import { oneOf, text } from '../../state/parts.ts'

export const views = ['flows', 'changes', 'audit', 'events'] as const

export type AlertsState = Readonly<{
  /** Name of the open rule. */
  sel: string
  /** `new`, or `edit` or `copy` of the open rule. */
  act: '' | 'new' | 'edit' | 'copy'
  /** Of a new rule: its rows, filter, measure and groups. */
  on: (typeof views)[number]
  q: string
  m: string
  by: string
}>

export const alertsCodec = codecOf<AlertsState>({
  sel: text(),
  act: oneOf(['', 'new', 'edit', 'copy'], ''),
  on: oneOf(views, 'flows'),
  q: text(),
  m: text(),
  by: text(),
})
