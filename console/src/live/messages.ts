import type { GapMessage, RowsMessage, ViewRequest } from '../../../src/api/published.ts'

export type WantedView = ViewRequest

export type FromTab =
  | Readonly<{ is: 'views'; views: readonly WantedView[] }>
  | { readonly is: 'retry' }
  | { readonly is: 'here' }
  | { readonly is: 'bye' }

export type Link = Readonly<{
  state: 'idle' | 'connecting' | 'live' | 'waiting' | 'refused'
  detail?: string
  retryMs?: number
  status?: number
  hints?: readonly string[]
  queryId?: string
}>

export type ViewStat = Readonly<{
  view: string
  matched: number
  shown: number
  /** Rows that matched and will be sent. */
  pending: number
  lagMs: number | null
}>

/** `view` is the tab's id. Series and graph messages are forwarded unchanged. */
export type ToTab =
  | Readonly<{ is: 'rows'; rows: RowsMessage }>
  | Readonly<{ is: 'other'; event: string; data: { readonly view: string } & Record<string, unknown> }>
  | Readonly<{ is: 'gap'; gap: GapMessage }>
  | Readonly<{ is: 'stat'; stat: ViewStat }>
  | Readonly<{ is: 'link'; link: Link }>
  /** The tab was forgotten and must send its views again. */
  | { readonly is: 'again' }

export const heartbeatMs = 20_000
export const tabTimeoutMs = 180_000
