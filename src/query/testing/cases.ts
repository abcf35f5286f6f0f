/** The cases of docs/explain/query-cases.json. */
import { readFile } from 'node:fs/promises'
import { parseIp } from '../../model/ip.ts'
import { flowNames } from '../names.ts'
import { timeOf } from '../times.ts'
import type { PlainValue, Row } from './rows.ts'

interface Cases {
  readonly rows: readonly Readonly<Record<string, string | number | boolean | string[]>>[]
  readonly cases: readonly { readonly filter: string; readonly rows: readonly number[] }[]
}

const { rows: written, cases: read } = JSON.parse(
  await readFile(new URL('../../../docs/explain/query-cases.json', import.meta.url), 'utf8'),
) as Cases

function plain(name: string, value: string | number | boolean | string[]): PlainValue {
  const kind = flowNames.field(name)?.kind
  if (kind === 'ip')
    return (parseIp(String(value)) ?? new Uint32Array(4)).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
  if (kind === 'time') return timeOf(String(value)) ?? 0n
  if (kind === 'mac') return BigInt(`0x${String(value).replaceAll(':', '')}`)
  return kind === 'dict' || kind === 'json' || kind === 'f64' || kind === 'bool' || typeof value === 'object'
    ? value
    : BigInt(value)
}

export const cases = read

/** With `bytes_est`. */
export const rows = written.map((row): Row => {
  const values: Record<string, PlainValue> = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, plain(name, value)]),
  )
  if (values['bytes'] !== undefined)
    values['bytes_est'] = (values['bytes'] as bigint) * ((values['sampling'] as bigint | undefined) ?? 1n)
  return values
})
