import type { Assembly, Branch } from '../branch.ts'
import { connectionsOf } from '../connections.ts'
import type { Spec } from './shape.ts'

const recordTypes = {
  Flows: [],
  Conversations: ['newConnection', 'heartbeat', 'endConnection'],
  EndedConversations: ['endConnection'],
  All: ['flowLog', 'newConnection', 'heartbeat', 'endConnection'],
} as const

/** The records of `logTypes`. Connections are tracked before filters, as by NetObserv. */
export function trackedBy({ processor = {}, exporters = [] }: Spec, flows: Branch, assembly: Assembly): Branch {
  const { logTypes = 'Flows', advanced = {} } = processor
  const records = recordTypes[logTypes]
  if (records.length === 0) return flows
  const at = 'spec.processor.logTypes'
  assembly.report.note(at, 'metrics count flows, not connections')
  if (exporters.some(({ type }) => type === 'IPFIX'))
    assembly.report.note(at, 'connections have no octets in IPFIX, so that a collector sums up each flow once')
  const times = {
    heartbeat: advanced.conversationHeartbeatInterval ?? processor.conversationHeartbeatInterval,
    end: advanced.conversationEndTimeout ?? processor.conversationEndTimeout,
    terminating: advanced.conversationTerminatingTimeout ?? processor.conversationTerminatingTimeout,
  }
  return connectionsOf('connections', flows, { records, connections: 1_000_000 }, times, assembly)
}
