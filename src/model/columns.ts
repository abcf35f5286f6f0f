/** A batch is a set of named columns of one length. Its strings are in its own dictionary. */
export type ColumnKind =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i32'
  | 'f64'
  | 'ip'
  | 'mac'
  | 'time'
  | 'dict'
  | 'list<u8>'
  | 'list<dict>'
  | 'json'

/** The index of a kind in this list is its number on disk: append only. */
export const columnKinds: readonly ColumnKind[] = [
  'u8',
  'u16',
  'u32',
  'u64',
  'i32',
  'f64',
  'ip',
  'mac',
  'time',
  'dict',
  'list<u8>',
  'list<dict>',
  'json',
]

interface Nullable {
  /** Bit `row & 7` of byte `row >> 3` is set if the row has a value; without a bitmap every row has one. */
  readonly valid?: Uint8Array
}

interface U8Column extends Nullable {
  readonly kind: 'u8'
  readonly values: Uint8Array
}
export interface U16Column extends Nullable {
  readonly kind: 'u16'
  readonly values: Uint16Array
}
export interface U32Column extends Nullable {
  readonly kind: 'u32'
  readonly values: Uint32Array
}
interface I32Column extends Nullable {
  readonly kind: 'i32'
  readonly values: Int32Array
}
interface F64Column extends Nullable {
  readonly kind: 'f64'
  readonly values: Float64Array
}
export interface TimeColumn extends Nullable {
  readonly kind: 'time'
  readonly values: Float64Array
}
/** Two 32-bit words per row, low word first: the bytes of a little-endian u64. */
export interface U64Column extends Nullable {
  readonly kind: 'u64'
  readonly words: Uint32Array
}
/** As u64: the six bytes of the address are the low 48 bits, first byte highest. */
interface MacColumn extends Nullable {
  readonly kind: 'mac'
  readonly words: Uint32Array
}
/** Four 32-bit words per row, in network order (word 0 highest); IPv4 is mapped (::ffff:a.b.c.d). */
export interface IpColumn extends Nullable {
  readonly kind: 'ip'
  readonly words: Uint32Array
}
/** Codes into the batch's dictionary; code 0 is absent. */
export type DictColumn = Readonly<{
  kind: 'dict'
  codes: Uint32Array
}>
type JsonColumn = Readonly<{
  kind: 'json'
  codes: Uint32Array
}>
/** Row r holds items[offsets[r] .. offsets[r+1]). */
export type ListU8Column = Readonly<{
  kind: 'list<u8>'
  offsets: Uint32Array
  items: Uint8Array
}>
export type ListDictColumn = Readonly<{
  kind: 'list<dict>'
  offsets: Uint32Array
  items: Uint32Array
}>

export type Column =
  | U8Column
  | U16Column
  | U32Column
  | U64Column
  | I32Column
  | F64Column
  | IpColumn
  | MacColumn
  | TimeColumn
  | DictColumn
  | ListU8Column
  | ListDictColumn
  | JsonColumn

export function isPresent(valid: Uint8Array | undefined, row: number): boolean {
  return valid === undefined || (((valid[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
}
