import { wordsOf } from '../../query/words.ts'
import { print, type NameTable, type QueryField } from '../../query/index.ts'
import type { PlainValue } from './values.ts'

const wordsOfKind: Readonly<Record<string, readonly string[]>> = {
  protocol: ['netflow5', 'netflow9', 'ipfix', 'sflow5'],
  record_type: ['flowLog', 'newConnection', 'heartbeat', 'endConnection'],
  flow_layer: ['app', 'infra'],
  src_kind: ['Pod', 'Service', 'Node'],
  dst_kind: ['Pod', 'Service', 'Node'],
  operation: ['created', 'updated', 'deleted'],
  actor_kind: ['user', 'manager'],
  dns_rcode: ['NoError', 'FormErr', 'ServFail', 'NXDomain', 'NotImp', 'Refused'],
  ipsec_status: ['success', 'error'],
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'SYN+ACK', 'FIN+ACK', 'RST+ACK']

export type Suggestion = Readonly<{
  value: PlainValue
  text: string
  label?: string
}>

export function numbersCalled(field: QueryField, prefix: string): number[] {
  const words = wordsOf(field.name)
  if (words === undefined || prefix === '') return []
  return [
    ...new Set(
      Object.entries(words)
        .filter(([word]) => word.startsWith(prefix.toLowerCase()))
        .map(([, value]) => value),
    ),
  ]
}

/** In filter syntax; a word that begins with the prefix is preferred. */
export function suggestion(names: NameTable, field: QueryField, value: PlainValue, prefix: string): Suggestion {
  const words =
    typeof value === 'number'
      ? Object.entries(wordsOf(field.name) ?? {})
          .filter(([, number]) => number === value)
          .map(([word]) => word)
      : []
  const word = words.find((candidate) => candidate.startsWith(prefix.toLowerCase())) ?? words[0]
  if (word !== undefined && /^\d/.test(prefix)) return { value, text: String(value), label: word }
  if (word !== undefined) return { value, text: word, label: String(value) }
  if (field.name.endsWith('_as') && typeof value === 'number') return { value, text: `AS${value}` }
  if ((field.name === 'tcp_flags' || field.name === 'drop_flags') && typeof value === 'number')
    return {
      value,
      text: String(value),
      label: flagNames.filter((_, bit) => ((value >> bit) & 1) === 1).join(' ') || 'none',
    }
  return { value, text: typeof value === 'string' ? literal(names, field, value) : String(value) }
}

export function knownValues(names: NameTable, field: QueryField, prefix: string): Suggestion[] {
  const folded = prefix.toLowerCase()
  const words = Object.entries(wordsOf(field.name) ?? {}).filter(
    ([word, value]) => word.startsWith(folded) || (folded !== '' && String(value).startsWith(folded)),
  )
  const texts = (wordsOfKind[field.name] ?? []).filter((text) => text.toLowerCase().startsWith(folded))
  return [
    ...words.map(([word, value]) => ({ value, text: word, label: String(value) })),
    ...texts.map((text) => ({ value: text, text: literal(names, field, text) })),
  ]
}

function literal(names: NameTable, field: QueryField, text: string): string {
  // A text that reads as a range, a unit or a pattern would also match numbers or other texts.
  const isPlain = field.member === undefined || /^(?:-?\d{1,38}|[A-Za-z_][\w./:-]*)$/.test(text)
  if (field.kind !== 'dict' && field.kind !== 'text' && field.kind !== 'list<dict>') return text
  const written = print(
    {
      is: 'test',
      subject: { name: field.name },
      operator: '=',
      values: [{ is: 'literal', text, quoted: !isPlain || text.includes('*') }],
    },
    names,
  )
  return written.slice(written.indexOf(' = ') + 3)
}
