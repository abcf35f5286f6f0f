import { oneOf } from '../../../state/parts.ts'

export const ranks = ['bytes', 'packets', 'flows', 'drop_packets', 'duration', 'last', 'rtt'] as const
export type Rank = (typeof ranks)[number]

export interface ConversationsState {
  readonly rank: Rank
}

export const conversationsParts = { rank: oneOf(ranks, 'bytes') } as const
