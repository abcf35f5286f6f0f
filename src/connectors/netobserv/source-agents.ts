import { Sender } from '../../net/senders.ts'

export type AgentStatus = Readonly<{
  address: string
  lastSeen: number
  lastRow: number | undefined
  datagrams: number
  rows: number
  rejected: number
  malformed: number
  why?: string
}>

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
