import { PresetProblem } from '../../given.ts'
import { reads, type Assembly, type Branch } from '../branch.ts'
import { brokerOf, saslOf, tlsOf } from '../credentials.ts'
import type { Encode } from '../flp-file.ts'

/** Records as flowlogs-pipeline writes them, with a key and acknowledged by all replicas. */
export function kafkaSink(
  name: string,
  branch: Branch,
  settings: NonNullable<Encode['kafka']>,
  path: string,
  assembly: Assembly,
): void {
  const { address = '', topic = '', compression, balancer = '', tls, sasl } = settings
  if (address === '' || topic === '') throw new PresetProblem(`${path}: address and topic are required`)
  assembly.report.noteAll(path, settings, {
    writeTimeout: 'without effect; a write is repeated until it is acknowledged',
    readTimeout: 'without effect; a write is repeated until it is acknowledged',
    batchBytes: 'without effect; set `delivery.bytes`',
    batchSize: 'without effect; set `delivery.events`',
  })
  if (balancer !== '' && balancer !== 'murmur2')
    assembly.report.note(
      `${path}.balancer`,
      `\`${balancer}\` has no effect; both directions of a conversation have the same key and partition`,
    )
  assembly.sinks[assembly.id(name)] = {
    type: 'kafka',
    brokers: address.split(',').map(brokerOf),
    topic,
    codec: 'netobserv-json',
    mode: 'raw',
    tcp_flags: branch.flagNames ? 'names' : 'number',
    ...(compression === undefined || compression === 'none' ? {} : { compression }),
    ...tlsOf(tls),
    ...saslOf(sasl, `${path}.sasl`, assembly),
    ...reads(branch),
  }
}
