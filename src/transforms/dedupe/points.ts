/** Where a flow was observed: at which exporter, interface and in which direction. */
import type { FlowBatch } from '../../model/batches.ts'
import { covers, parseCidr, type Cidr } from '../../model/cidr.ts'
import { isPresent, type IpColumn } from '../../model/columns.ts'
import { formatIp } from '../../model/ip.ts'
import { numberReader } from '../rows/fields.ts'
import type { DedupeConfig } from './config.ts'

type Rule = Readonly<{ prefix: Cidr; names: ReadonlySet<string> }>

/** Why a flow does not count where it was observed; undefined: it counts. */
export function placeRule({
  direction,
  interfaces,
}: DedupeConfig): (batch: FlowBatch) => (row: number) => 'direction' | 'interface' | undefined {
  const rules = Object.entries(interfaces)
    .map(([range, names]): Rule => ({ prefix: prefixOf(range), names: new Set(names) }))
    .toSorted((a, b) => b.prefix.bits - a.prefix.bits)
  const opposite = direction === null ? undefined : direction === 'ingress' ? 1 : 0
  return (batch) => {
    const way = numberReader(batch, 'direction')
    const ruleOf = byExporter(batch, (words, offset) => rules.find(({ prefix }) => covers(prefix, words, offset)))
    const interfacesOf = (['in_if', 'out_if'] as const).map((name) => interfaceReader(batch, name))
    return (row) => {
      if (opposite !== undefined && way(row) === opposite) return 'direction'
      const rule = rules.length === 0 ? undefined : ruleOf(row)
      if (rule === undefined || interfacesOf.some((matches) => matches(row, rule.names))) return undefined
      return 'interface'
    }
  }
}

/** Text of the observation point of a row; the preferred one of two is the lesser. */
export function pointReader(batch: FlowBatch, exporters: readonly Cidr[]): (row: number) => string | undefined {
  const way = numberReader(batch, 'direction')
  const exporterOf = byExporter(batch, (words, offset) => {
    const listed = exporters.findIndex((prefix) => covers(prefix, words, offset))
    const rank = listed < 0 ? exporters.length : listed
    const position = `${hex(rank)}${Array.from(words.subarray(offset, offset + 4), hex).join('')}`
    return { ingress: `${position}0`, egress: `${position}1` }
  })
  return (row) => exporterOf(row)?.[way(row) === 1 ? 'egress' : 'ingress']
}

export function prefixOf(range: string): Cidr {
  const prefix = parseCidr(range)
  if (prefix === undefined) throw new TypeError(`${range} is not a range of addresses`)
  return prefix
}

function hex(word: number) {
  return word.toString(16).padStart(8, '0')
}

/** Computed once for each exporter of a batch; undefined for a row without one. */
function byExporter<T>(batch: FlowBatch, compute: (words: Uint32Array, offset: number) => T) {
  const column = addresses(batch, 'exporter_addr')
  const cache = new Map<string, T>()
  return (row: number): T | undefined => {
    if (column === undefined || !isPresent(column.valid, row)) return undefined
    const text = formatIp(column.words, 4 * row)
    if (cache.has(text)) return cache.get(text)
    const value = compute(column.words, 4 * row)
    cache.set(text, value)
    return value
  }
}

function addresses({ columns }: FlowBatch, name: string): IpColumn | undefined {
  const column = columns[name]
  return column?.kind === 'ip' ? column : undefined
}

/** Rows with both addresses. */
export function addressedRows(batch: FlowBatch): (row: number) => boolean {
  const ends = ['src_addr', 'dst_addr'].map((name) => addresses(batch, name))
  return (row) => ends.every((column) => column !== undefined && isPresent(column.valid, row))
}

function interfaceReader(batch: FlowBatch, name: 'in_if' | 'out_if') {
  const index = numberReader(batch, name)
  const column = batch.columns[`${name}_name`]
  return (row: number, wanted: ReadonlySet<string>) =>
    (column?.kind === 'dict' && wanted.has(batch.dictionary[column.codes[row] ?? 0] ?? '')) ||
    wanted.has(String(index(row)))
}
