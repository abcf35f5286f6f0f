import type { Field, FlowFieldName } from '../../model/fields.ts'
import type { FlowBuilder, GrowingColumn, ListFieldName } from '../../model/flow-builder.ts'
import { parseIp } from '../../model/ip.ts'
import { stringifyExact } from '../../model/exact-json.ts'
import { flagBits, quicVersionOf } from './keys.ts'

/** False if the value is invalid for the field. */
export type Setter = (row: number, value: unknown) => boolean

export function setterOf(field: Field, flows: FlowBuilder): Setter {
  const name = field.name as FlowFieldName
  switch (field.kind) {
    case 'u8':
      return numbers(
        name,
        flows,
        name === 'conversation_first'
          ? (value) => (typeof value === 'boolean' ? Number(value) : integer(value, 0, 0xff))
          : (value) => integer(value, 0, 0xff),
      )
    case 'u16':
      return numbers(name, flows, name === 'tcp_flags' ? flags : (value) => integer(value, 0, 0xffff))
    case 'u32': {
      const set = numbers(
        name,
        flows,
        name === 'quic_version'
          ? (value) => (typeof value === 'string' ? quicVersionOf(value) : integer(value, 0, 0xffff_ffff))
          : (value) => integer(value, 0, 0xffff_ffff),
      )
      // NetObserv's 0 is no sampling. As a factor it would make estimates 0.
      return name === 'sampling' ? (row, value) => value === 0 || set(row, value) : set
    }
    case 'i32':
      return numbers(name, flows, (value) => integer(value, -0x8000_0000, 0x7fff_ffff))
    case 'f64':
      return numbers(name, flows, finite)
    case 'time':
      return numbers(name, flows, name === 'time_received' ? (value) => scaled(value, 1000) : finite)
    case 'dict':
      return numbers(name, flows, (value) => (typeof value === 'string' ? flows.code(value) : undefined))
    case 'json':
      return numbers(name, flows, (value) => coded(flows, stringifyExact(value)))
    case 'ip':
      return words(name, flows, 4, (value) => (typeof value === 'string' ? parseIp(value) : undefined))
    case 'u64':
      return words(name, flows, 2, u64)
    case 'mac':
      return words(name, flows, 2, mac)
    case 'list<u8>':
      return lists(name as ListFieldName, flows, (item) => integer(item, 0, 0xff))
    case 'list<dict>':
      return lists(name as ListFieldName, flows, (item) => (typeof item === 'string' ? flows.code(item) : undefined))
  }
}

function numbers(name: FlowFieldName, flows: FlowBuilder, read: (value: unknown) => number | undefined): Setter {
  const column = flows.column(name) as unknown as GrowingColumn<Uint32Array>
  return (row, value) => {
    const number = read(value)
    if (number === undefined) return false
    column.items[row] = number
    column.mark(row)
    return true
  }
}

function words(
  name: FlowFieldName,
  flows: FlowBuilder,
  width: number,
  read: (value: unknown) => Uint32Array | undefined,
): Setter {
  const column = flows.column(name) as unknown as GrowingColumn<Uint32Array>
  return (row, value) => {
    const some = read(value)
    if (some === undefined) return false
    column.items.set(some, row * width)
    column.mark(row)
    return true
  }
}

function lists(name: ListFieldName, flows: FlowBuilder, read: (item: unknown) => number | undefined): Setter {
  const list = flows.list(name)
  return (row, value) => {
    list.begin(row)
    if (!Array.isArray(value)) return false
    for (const item of value as readonly unknown[]) {
      const number = read(item)
      if (number === undefined) {
        list.begin(row)
        return false
      }
      list.push(number)
    }
    return true
  }
}

function integer(value: unknown, min: number, max: number) {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined
}

function coded(flows: FlowBuilder, text: string | undefined) {
  return text === undefined ? undefined : flows.code(text)
}

function finite(value: unknown) {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function scaled(value: unknown, by: number) {
  return typeof value === 'number' && Number.isFinite(value) ? value * by : undefined
}

function flags(value: unknown): number | undefined {
  if (!Array.isArray(value)) return integer(value, 0, 0xffff)
  let all = 0
  for (const name of value as readonly unknown[]) {
    const bit = flagBits.find(([known]) => known === name)?.[1]
    if (bit === undefined) return undefined
    all |= bit
  }
  return all
}

const max64 = 2n ** 64n - 1n

function u64(value: unknown): Uint32Array | undefined {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) return undefined
    return Uint32Array.of(value % 0x1_0000_0000, Math.floor(value / 0x1_0000_0000))
  }
  const whole =
    typeof value === 'bigint' ? value : typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : -1n
  return whole < 0n || whole > max64 ? undefined : Uint32Array.of(Number(whole & 0xffff_ffffn), Number(whole >> 32n))
}

function mac(value: unknown): Uint32Array | undefined {
  if (typeof value !== 'string' || !/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/.test(value)) return undefined
  const digits = value.replaceAll(':', '')
  return Uint32Array.of(Number.parseInt(digits.slice(4), 16), Number.parseInt(digits.slice(0, 4), 16))
}
