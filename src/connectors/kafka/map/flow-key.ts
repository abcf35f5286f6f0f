import type { FlowBatch } from '../../../model/batches.ts'
import { ByteBuffer } from '../../../model/byte-buffer.ts'
import { isPresent, type Column } from '../../../model/columns.ts'

export const flowKeyBytes = 32

/** Both addresses in ascending order, IPv4 mapped, as NetObserv's eBPF agent: one key for both directions. */
export function flowKey(batch: FlowBatch, row: number): Buffer | undefined {
  const out = new ByteBuffer(flowKeyBytes)
  return putFlowKey(batch, row, out) ? out.slice() : undefined
}

export function putFlowKey(
  { columns: { src_addr: source, dst_addr: target } }: FlowBatch,
  row: number,
  out: ByteBuffer,
): boolean {
  const [from, to] = [wordsOf(source, row), wordsOf(target, row)]
  if (from === undefined && to === undefined) return false
  const swapped = isGreater(from, to, 4 * row)
  putAddress(swapped ? to : from, 4 * row, out)
  putAddress(swapped ? from : to, 4 * row, out)
  return true
}

function wordsOf(column: Column | undefined, row: number) {
  return column?.kind === 'ip' && isPresent(column.valid, row) ? column.words : undefined
}

function isGreater(a: Uint32Array | undefined, b: Uint32Array | undefined, at: number): boolean {
  for (let word = at; word < at + 4; word++) {
    const difference = (a?.[word] ?? 0) - (b?.[word] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}

function putAddress(words: Uint32Array | undefined, at: number, out: ByteBuffer) {
  for (let word = at; word < at + 4; word++) out.word(words?.[word] ?? 0)
}
