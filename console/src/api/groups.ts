import type { AnswerFrame } from '../../../src/api/published.ts'

export type Sums = Readonly<{
  groups?: number
  edges?: number
  bytes: number | string
  packets: number | string
  flows: number | string
  /** On request; null if not reported. */
  drop_bytes?: number | string | null
  drop_packets?: number | string | null
}>

export interface GroupsAnswer extends AnswerFrame {
  readonly total: Sums
}
