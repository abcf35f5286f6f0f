import { Sender } from '../../net/senders.ts'

/** Status of one agent: totals since it was first seen, or since it was evicted and seen again. */
export type AgentStatus = Readonly<{
  address: string
  /** Unix ms of the last message, and of the last one with a row. */
  lastSeen: number
  lastRow: number | undefined
  /** Messages. */
  datagrams: number
  rows: number
  /** Rows that were rejected because the journal was behind or full. */
  rejected: number
  malformed: number
  /** Why no rows are received, and the action to take. */
  why?: string
}>

/** One agent, by its address. */
export class Agent extends Sender {
  rows = 0
  rejected = 0
  malformed = 0
  lastRow: number | undefined

  status(): AgentStatus {
    const { address, lastSeen, lastRow, datagrams, rows, rejected, malformed } = this
    const why = this.#why()
    return { address, lastSeen, lastRow, datagrams, rows, rejected, malformed, ...(why === undefined ? {} : { why }) }
  }

  #why(): string | undefined {
    if (this.rows > this.rejected) return undefined
    if (this.rejected > 0) return 'The journal accepts no rows: see `weir ledger` and the log.'
    if (this.malformed > 0) return 'The messages are not flows of the eBPF agent: check the agent and its version.'
    return 'The messages of the agent contain no flows.'
  }
}
