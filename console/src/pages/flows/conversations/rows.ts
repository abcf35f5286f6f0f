import type { FlowConversations } from '../../../../../src/api/published.ts'

type Amount = number | string | null

export type End = Readonly<{
  addr: string | null
  port: number | null
  name: string | null
  namespace: string | null
  owner_name: string | null
  label: string | null
}>

export type Conversation = Readonly<{
  key: string
  client: End
  server: End
  proto: number | null
  initiator: 'syn' | 'port' | 'learned' | 'lower' | 'time'
  first: string
  last: string
  out: Way
  in: Way
  rtt: readonly [min: number, max: number] | undefined
  dropped: Amount
}>

/** Sums are null if no flow of this direction was reported. */
type Way = Readonly<{
  bytes: Amount
  packets: Amount
  flows: number
  flags: number | null
}>

export function conversationsOf({
  columns,
  rows,
}: Pick<FlowConversations, 'columns' | 'rows'>): readonly Conversation[] {
  const places = new Map(columns.map(({ name }, index) => [name, index]))
  return rows.map((row) => {
    const value = <T>(name: string) => (row[places.get(name) ?? -1] ?? null) as T
    const end = (of: 'client' | 'server'): End => ({
      addr: value(`${of}_addr`),
      port: value(`${of}_port`),
      name: value(`${of}_name`),
      namespace: value(`${of}_namespace`),
      owner_name: value(`${of}_owner_name`),
      label: value(`${of}_label`),
    })
    const way = (of: 'out' | 'in'): Way => ({
      bytes: value(`bytes_${of}`),
      packets: value(`packets_${of}`),
      flows: Number(value(`flows_${of}`)),
      flags: value(`tcp_flags_${of}`),
    })
    const [client, server, proto] = [end('client'), end('server'), value<number | null>('proto')]
    const [min, max] = [value<number | string | null>('rtt_min'), value<number | string | null>('rtt_max')]
    return {
      key: JSON.stringify([client.addr, client.port, server.addr, server.port, proto]),
      client,
      server,
      proto,
      initiator: value('initiator'),
      first: value('time_first'),
      last: value('time_last'),
      out: way('out'),
      in: way('in'),
      rtt: min === null || max === null ? undefined : [Number(min), Number(max)],
      dropped: value('drop_packets'),
    }
  })
}

export const keyFields = ['src_addr', 'src_port', 'dst_addr', 'dst_port', 'proto'] as const

export function keyCells({ client, server, proto }: Conversation): readonly unknown[] {
  return [client.addr, client.port, server.addr, server.port, proto]
}
