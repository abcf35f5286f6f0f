import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch } from '../../store/testing/frames.ts'

/** Bytes are powers of two, so that a sum identifies its rows. */
export const pairs = [
  ['shop', 'shop'],
  ['shop', ''],
  ['', 'shop'],
  ['shop', 'vault'],
  ['vault', 'shop'],
  ['vault', 'vault'],
  ['vault', ''],
  ['', 'vault'],
  ['', ''],
] as const

/** Bytes visible to a viewer of `shop`, without and with peers, and of all rows. Dropped bytes are the same. */
export const [own, withPeers, all] = [0b111, 0b11111, 0b1_1111_1111]

/** Row and end can be derived from the address. */
const address = (namespace: string, row: number, end: 1 | 2): string =>
  `10.${namespace === 'shop' ? 1 : namespace === 'vault' ? 2 : 3}.${row}.${end}`

export function namespacedFlows(received: number): FlowBatch {
  const batch = flowBatch(
    pairs.map(([src, dst], row) => ({
      src: address(src, row, 1),
      dst: address(dst, row, 2),
      bytes: 2 ** row,
      packets: 1,
    })),
    received,
  )
  const dictionary = [...batch.dictionary, 'shop', 'vault']
  const codes = (end: 0 | 1): Uint32Array =>
    Uint32Array.from(pairs, (pair) => Math.max(0, pair[end] === '' ? 0 : dictionary.indexOf(pair[end])))
  return {
    ...batch,
    dictionary,
    columns: {
      ...batch.columns,
      ...(batch.columns['bytes'] === undefined ? {} : { drop_bytes: batch.columns['bytes'] }),
      src_namespace: { kind: 'dict', codes: codes(0) },
      dst_namespace: { kind: 'dict', codes: codes(1) },
    },
  }
}
