import type { QueryField } from '../names.ts'
import { endOf } from './endpoint-sums.ts'

const integers: ReadonlySet<string> = new Set(['u8', 'u16', 'u32', 'u64', 'i32'])
export const texts: ReadonlySet<string> = new Set(['dict', 'text'])

/** Whether a field is no endpoint and has no address: such fields have few values. */
export function hasFewValues(field: QueryField): boolean {
  const { kind } = field
  return endOf(field) === undefined && (integers.has(kind) || texts.has(kind) || kind === 'bool')
}
