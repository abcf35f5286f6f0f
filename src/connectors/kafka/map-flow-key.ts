import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'

/**
 * The two addresses in ascending order, 16 bytes each, IPv4 mapped to IPv6, as the eBPF agent of NetObserv writes it:
 * both directions of a conversation have one key. Undefined: the flow has no addresses.
 */
export function flowKey({ columns: { src_addr: source, dst_addr: target } }: FlowBatch, row: number) {
  const [from, to] = [wordsOf(source, row), wordsOf(target, row)]
  if (from === undefined && to === undefined) return undefined
  const [first, second] = isGreater(from, to) ? [to, from] : [from, to]
  const key = Buffer.alloc(32)
  for (let word = 0; word < 4; word++) {
    key.writeUInt32BE(first?.[word] ?? 0, 4 * word)
    key.writeUInt32BE(second?.[word] ?? 0, 16 + 4 * word)
  }
  return key
}

function wordsOf(column: Column | undefined, row: number): Uint32Array | undefined {
  return column?.kind === 'ip' && isPresent(column.valid, row) ? column.words.subarray(4 * row, 4 * row + 4) : undefined
}

function isGreater(a: Uint32Array | undefined, b: Uint32Array | undefined): boolean {
  for (let word = 0; word < 4; word++) {
    const difference = (a?.[word] ?? 0) - (b?.[word] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
