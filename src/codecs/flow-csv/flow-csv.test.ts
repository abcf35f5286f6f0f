import { expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import { parseIp } from '../../model/ip.ts'
import { csvHeader, flowCsv } from './index.ts'

/** RFC 4180, read strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (let at = 0; at < text.length;) {
    const cell = /"((?:[^"]|"")*)"|[^",\r\n]*/y
    cell.lastIndex = at
    const found = cell.exec(text)
    if (found === null) throw new Error(`no cell at ${at}`)
    row.push(found[1]?.replaceAll('""', '"') ?? found[0])
    at += found[0].length
    if (text[at] === ',') at++
    else if (text.startsWith('\r\n', at)) {
      at += 2
      rows.push(row)
      row = []
    } else throw new Error(`neither comma nor line end at ${at}`)
  }
  return rows
}

const batch: FlowBatch = {
  kind: 'flows',
  count: 2,
  dictionary: ['', 'say "hi", you', 'a\r\nb', '{"k":"v"}', 'eth0'],
  columns: {
    time_start: { kind: 'time', values: Float64Array.of(1_700_000_000_007, Number.NaN) },
    src_addr: {
      kind: 'ip',
      words: Uint32Array.from([...(parseIp('10.0.0.1') ?? []), ...(parseIp('2001:db8::1') ?? [])]),
    },
    bytes: { kind: 'u64', words: Uint32Array.of(1500, 0, 0xffffffff, 0xffffffff) },
    src_mac: { kind: 'mac', words: Uint32Array.of(0xccddeeff, 0xaabb, 0, 0), valid: Uint8Array.of(1) },
    src_name: { kind: 'dict', codes: Uint32Array.of(1, 2) },
    interfaces: { kind: 'list<dict>', offsets: Uint32Array.of(0, 2, 2), items: Uint32Array.of(4, 1) },
    if_directions: { kind: 'list<u8>', offsets: Uint32Array.of(0, 0, 2), items: Uint8Array.of(0, 1) },
    extra: { kind: 'json', codes: Uint32Array.of(3, 0) },
  },
}

test('a row reads back with every value in the column of its name', () => {
  const write = flowCsv(batch)
  const [header = [], ...rows] = parseCsv(csvHeader + write(0, 'netflow:1:2:0') + write(1, 'netflow:1:2:1'))
  expect(header).toEqual(['_pos', ...flowFields.map(({ name }) => name)])
  const objects = rows.map((row) =>
    Object.fromEntries(row.flatMap((cell, at) => (cell === '' ? [] : [[header[at], cell]]))),
  )
  expect(rows.map((row) => row.length)).toEqual([header.length, header.length])
  expect(objects).toEqual([
    {
      _pos: 'netflow:1:2:0',
      time_start: '2023-11-14T22:13:20.007Z',
      src_addr: '10.0.0.1',
      bytes: '1500',
      src_mac: 'aa:bb:cc:dd:ee:ff',
      src_name: 'say "hi", you',
      interfaces: '["eth0","say \\"hi\\", you"]',
      extra: '{"k":"v"}',
    },
    {
      _pos: 'netflow:1:2:1',
      src_addr: '2001:db8::1',
      bytes: '18446744073709551615',
      src_name: 'a\r\nb',
      if_directions: '[0,1]',
    },
  ])
})
