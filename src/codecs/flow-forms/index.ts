import type { FlowBatch } from '../../model/batches.ts'
import { flowJson } from '../flow-json/index.ts'
import { netobservJson } from '../netobserv-json/index.ts'

export interface FlowForm {
  readonly type: string
  readonly write: (batch: FlowBatch) => (row: number) => string
  /** Replaces `write` for forms other than JSON. */
  readonly binary?: BinaryForm
}

interface BinaryForm {
  readonly contentType: string
  readonly write: (batch: FlowBatch) => (row: number) => Uint8Array
}

export interface FlowFormChoice {
  readonly codec: 'json' | 'netobserv-json'
  readonly tcp_flags: 'number' | 'names'
}

export function flowForm({ codec, tcp_flags: flags }: FlowFormChoice): FlowForm {
  if (codec === 'json') return { type: 'io.weir.flow.v1', write: (batch) => flowJson(batch) }
  return {
    type: 'io.weir.flow.netobserv.v1',
    write: (batch) => netobservJson(batch, { flags: flags === 'names' ? 'names' : 'raw' }),
  }
}

/** One `Record` of NetObserv's eBPF agent per flow. */
export async function agentForm(): Promise<FlowForm> {
  const { pbflowRecord } = await import('../pbflow/encode.ts')
  return {
    type: 'io.weir.flow.pbflow.v1',
    write: flowJson,
    binary: { contentType: 'application/x-protobuf', write: pbflowRecord },
  }
}
