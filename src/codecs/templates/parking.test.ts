import { expect, test } from 'vitest'
import { Bench, ip4, ipfix, set, template, u32 } from './testing/datagrams.ts'

const fields = [
  [8, 4],
  [12, 4],
  [1, 4],
] as const

test('parked data is a copy: the datagram may be overwritten, and is not retained', () => {
  const bench = new Bench()
  // As from a socket: `slice` of a Buffer shares its memory.
  const data = ipfix({ domain: 9 }, set(300, ip4('10.0.0.1'), ip4('10.0.0.2'), u32(1000)))
  bench.take(data)
  data.fill(0)
  bench.take(ipfix({ domain: 9 }, set(2, template(300, fields))))
  const { columns, count } = bench.flows.batch()
  expect(count).toBe(1)
  const { bytes, src_addr: from } = columns
  expect(bytes?.kind === 'u64' ? [...bytes.words.subarray(0, 2)].toSorted((a, b) => a - b) : undefined).toEqual([
    0, 1000,
  ])
  expect(from?.kind === 'ip' ? from.words[3] : undefined).toBe(0x0a000001)
})
