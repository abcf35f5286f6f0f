import type { FlowBatch } from '../../model/batches.ts'
import type { RowWriter } from '../../model/byte-buffer.ts'
import { flowJsonWriter } from '../flow-json/index.ts'
import { netobservWriter, type NetObservFields } from '../netobserv-json/index.ts'

export type FlowForm = Readonly<{
  type: string
  contentType: string
  encoding: 'json' | 'binary'
  write: (batch: FlowBatch) => RowWriter
}>

export type FlowFormChoice = Readonly<{
  codec: 'json' | 'netobserv-json'
  tcp_flags: 'number' | 'names'
  /** Default: all. */
  netobserv_fields?: NetObservFields | undefined
}>

const json = { contentType: 'application/json', encoding: 'json' } as const

export function flowForm({ codec, tcp_flags: flags, netobserv_fields: fields }: FlowFormChoice): FlowForm {
  if (codec === 'json') return { ...json, type: 'io.weir.flow.v1', write: (batch) => flowJsonWriter(batch) }
  return {
    ...json,
    type: 'io.weir.flow.netobserv.v1',
    write: (batch) => netobservWriter(batch, { flags: flags === 'names' ? 'names' : 'raw', fields }),
  }
}

export async function agentForm(): Promise<FlowForm> {
  const { pbflowWriter } = await import('../pbflow/encode.ts')
  return {
    type: 'io.weir.flow.pbflow.v1',
    contentType: 'application/x-protobuf',
    encoding: 'binary',
    write: pbflowWriter,
  }
}
