import { flowFieldsText } from '../../text/flow-fields.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { generalText } from '../../text/general.ts'

type FieldGroup = Readonly<{
  title: string
  has: (name: string) => boolean
}>

/** A field belongs to the first group that has it. */
const fieldGroups: readonly FieldGroup[] = [
  { title: flowFieldsText.drops, has: (name) => name.startsWith('drop_') },
  { title: flowFieldsText.dns, has: (name) => name.startsWith('dns_') },
  { title: flowFieldsText.rtt, has: (name) => name === 'rtt' || name === 'rtt_max' },
  { title: flowFieldsText.tls, has: (name) => /^(?:tls|quic)_/.test(name) },
  {
    title: flowFieldsText.firewall,
    has: (name) => /^(?:firewall_|nat_|(?:in|out)_acl$|application$|user$)/.test(name),
  },
  { title: flowFieldsText.translation, has: (name) => name.startsWith('xlat_') },
  { title: flowFieldsText.networkEvents, has: (name) => name === 'network_events' },
  { title: flowFieldsText.ipsec, has: (name) => name.startsWith('ipsec_') },
  {
    title: flowFieldsText.conversation,
    has: (name) => /^(?:conversation|record_type|flow_logs|(?:bytes|packets)_(?:ab|ba)$)/.test(name),
  },
  { title: flowFieldsText.tunnel, has: (name) => /^(?:inner_(?!vlan)|vni$)/.test(name) },
  { title: generalText.source, has: (name) => name === 'src' || name.startsWith('src_') },
  { title: generalText.destination, has: (name) => name === 'dst' || name.startsWith('dst_') },
  { title: flowsText.volume, has: (name) => /^(?:bytes|packets|sampling)/.test(name) },
  { title: generalText.time, has: (name) => name.startsWith('time_') },
  { title: generalText.protocol, has: (name) => /^(?:proto|tcp|icmp|dscp|ip_|etype|flow_label|fragment)/.test(name) },
  { title: flowFieldsText.furtherElements, has: (name) => /^extra(?:\.|$)/.test(name) },
  { title: flowsText.observed, has: () => true },
]

/** In the order of a reader: endpoints and volume, then the features of agents. */
const order: readonly string[] = [
  generalText.source,
  generalText.destination,
  flowsText.volume,
  generalText.time,
  generalText.protocol,
  flowFieldsText.dns,
  flowFieldsText.drops,
  flowFieldsText.rtt,
  flowFieldsText.tls,
  flowFieldsText.firewall,
  flowFieldsText.translation,
  flowFieldsText.tunnel,
  flowFieldsText.networkEvents,
  flowFieldsText.ipsec,
  flowFieldsText.conversation,
  flowsText.observed,
  flowFieldsText.furtherElements,
]

type Grouped<T> = Readonly<{
  title: string
  members: readonly T[]
}>

export function inGroups<T>(members: Iterable<T>, nameOf: (member: T) => string): readonly Grouped<T>[] {
  const taken = new Map<string, T[]>(order.map((title) => [title, []]))
  for (const member of members)
    taken.get(fieldGroups.find(({ has }) => has(nameOf(member)))?.title ?? flowsText.observed)?.push(member)
  return [...taken].flatMap(([title, of]) => (of.length === 0 ? [] : [{ title, members: of }]))
}
