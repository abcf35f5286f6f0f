import { flowNames } from './names.ts'
import { quote } from './print.ts'

export type ForeignTest = Readonly<{
  id: string
  operator: '=' | '!=' | '~' | '!~' | '>='
  values: readonly string[]
}>

type ReadTest =
  | Readonly<{
      text: string
      eitherEnd: boolean
      problem?: never
    }>
  | Readonly<{ problem: string; text?: never; eitherEnd?: never }>

const endParts: Readonly<Record<string, string>> = {
  namespace: 'namespace',
  name: 'name',
  kind: 'kind',
  owner_name: 'owner_name',
  zone: 'zone',
  subnet_label: 'label',
  address: 'addr',
  port: 'port',
  mac: 'mac',
  host_address: 'node_addr',
  host_name: 'node',
  network: 'network',
  resource: 'resource',
}

const singles: Readonly<Record<string, string>> = {
  cluster_name: 'cluster',
  protocol: 'proto',
  ifdirections: 'if_directions',
  id: 'conversation',
  pkt_drop_state: 'drop_state',
  pkt_drop_cause: 'drop_cause',
  dns_flag_response_code: 'dns_rcode',
  time_flow_rtt: 'rtt',
  xlat_zone_id: 'xlat_zone',
  xlat_src_address: 'xlat_src_addr',
  xlat_dst_address: 'xlat_dst_addr',
}

const flags: Readonly<Record<string, number>> = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ECE: 64,
  CWR: 128,
  SYN_ACK: 256,
  FIN_ACK: 512,
  RST_ACK: 1024,
}

const ownKinds = /^(?:pod|service|node)$/i

export function testText(test: ForeignTest): ReadTest {
  const { id, operator } = test
  const [, side, part = ''] = /^(?:(src|dst)_)?(.+)$/.exec(id) ?? []
  const endPart = Object.hasOwn(endParts, part) ? endParts[part] : undefined
  const name =
    endPart !== undefined
      ? `${side === undefined ? '' : `${side}_`}${endPart}`
      : Object.hasOwn(singles, id)
        ? singles[id]
        : flowNames.resolve(id)
  if (name === undefined) return { problem: 'Weir has no corresponding field.' }
  const eitherEnd = endPart !== undefined && side === undefined
  const values = test.values.map((value) => value.trim())
  const positive = operator.startsWith('!') ? operator.slice(1) : operator
  const texts = values.map((value) => oneText(name, positive as '=' | '~' | '>=', value))
  const problem = texts.find((text) => typeof text !== 'string')
  if (problem !== undefined) return problem
  const written = texts.filter((text) => typeof text === 'string')
  const any = written.length === 1 ? (written[0] ?? '') : `(${written.join(' or ')})`
  return { text: positive === operator ? any : `not (${any})`, eitherEnd }
}

function oneText(name: string, operator: '=' | '~' | '>=', written: string): string | { readonly problem: string } {
  const inQuotes = /^"(.*)"$/s.exec(written)
  const value = inQuotes?.[1] ?? written
  if (name.endsWith('resource')) return resourceText(name.slice(0, -'resource'.length), value)
  const field = name.endsWith('kind') && !ownKinds.test(value) ? name.replace(/kind$/, 'owner_kind') : name
  if (operator === '>=') return `${field} >= ${literal(value)}`
  // NetObserv writes absent values as empty texts.
  if (value === '') return `not exists(${field})`
  if (value === '*') return `exists(${field})`
  const kind = flowNames.field(field)?.kind ?? flowNames.field(`src_${field}`)?.kind
  if (kind === 'json') return { problem: `Weir compares ${field} as JSON text: write ${field} ~ "text".` }
  if (field === 'tcp_flags') return `tcp_flags = ${flags[value.toUpperCase()] ?? literal(value)}`
  if (kind !== 'dict' && kind !== 'list<dict>') return `${field} = ${literal(value)}`
  if (operator === '=' || inQuotes !== null)
    return inQuotes === null && value.includes('*')
      ? `${field} ~ ${quote(`^(?:${pattern(value)})$`)}`
      : `${field} = ${quote(value)}`
  return `${field} ~ ${quote(`(?i)${pattern(value)}`)}`
}

function literal(value: string) {
  return /^[\w.:/-]+$/.test(value) && flowNames.own(value) === undefined ? value : quote(value)
}

function pattern(text: string) {
  return text
    .split('*')
    .map((piece) => piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*')
}

/** `Kind.namespace.name`; any part may be absent. */
function resourceText(side: string, value: string): string | { readonly problem: string } {
  const [, kind = '', namespace = '', name = ''] = /^([^.]*)\.([^.]*)\.(.*)$/s.exec(value) ?? []
  if (kind === '' && namespace === '' && name === '') return { problem: 'A resource has the form Kind.namespace.name.' }
  const own = kind === '' || ownKinds.test(kind)
  const parts = [
    ...(kind === '' ? [] : [`${side}${own ? 'kind' : 'owner_kind'} = ${quote(kind)}`]),
    ...(namespace === '' ? [] : [`${side}namespace = ${quote(namespace)}`]),
    ...(name === '' ? [] : [`${side}${own ? 'name' : 'owner_name'} = ${quote(name)}`]),
  ]
  return parts.length === 1 ? String(parts[0]) : `(${parts.join(' and ')})`
}
