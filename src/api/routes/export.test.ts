import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { flowNames } from '../../query/index.ts'
import { randomRows } from '../../query/testing/rows.ts'
import { makeBatch } from '../../query/testing/tables.ts'
import { startBoth } from '../testing/both.ts'
import { sendRaw, start } from '../testing/kit.ts'

function fetchWhole(
  url: string,
): Promise<{ text: string; headers: Record<string, unknown>; trailers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { te: 'trailers' } }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject)
      answer.on('end', () =>
        resolve({ text: Buffer.concat(pieces).toString('utf8'), headers: answer.headers, trailers: answer.trailers }),
      )
    }).on('error', reject)
  })
}

/** RFC 4180: an absent value is undefined, a quoted empty text is empty. */
function readCsv(text: string): (string | undefined)[][] {
  const rows: (string | undefined)[][] = []
  let row: (string | undefined)[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? (plain === '' ? undefined : plain) : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

const span = { from: '0001-01-01', to: '9999-12-31T23:59:59.999Z', time: 'time_received' }
const query = (more: Record<string, string>): string => new URLSearchParams({ ...span, ...more }).toString()

test('an export has every row and value, from the store and from the ring', async () => {
  const both = await startBoth()
  const random = new SeededRandom(21)
  for (let batch = 0; batch < 4; batch++)
    await both.addBatch(makeBatch(flowNames, randomRows(random, flowNames, 60)), Date.now() - 10_000 + batch)
  // Some rows have a receive time in the year 9999 and are outside of every span.
  const [{ count } = { count: 0 }] = (await both.sql(
    'SELECT count(*) AS count FROM flows WHERE time_received <= now()',
  )) as { count: number }[]
  expect(count).toBeGreaterThan(150)
  for (const format of ['csv', 'ndjson']) {
    const [stored, live] = await Promise.all(
      [both.urls.stored, both.urls.live].map((url) =>
        fetchWhole(
          `${url}/api/v1/export?${query({ format, columns: '*', filter: 'bytes >= 0 or not exists(bytes)' })}`,
        ),
      ),
    )
    expect({ ...stored?.trailers }).toEqual({ 'x-weir-rows': String(count) })
    expect({ ...live?.trailers }).toEqual({ 'x-weir-rows': String(count) })
    expect(live?.headers['x-weir-source']).toBe('ring')
    expect(stored?.headers['x-weir-source']).toBe('raw')
    const lines = (text = ''): unknown[] =>
      format === 'csv'
        ? readCsv(text)
        : text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as unknown)
    const position = flowNames.fields.findIndex(({ name }) => name === '_pos')
    const byPosition = (rows: unknown[]): Map<string, unknown> =>
      new Map(
        rows.map((row) => [
          String(format === 'csv' ? (row as string[])[position] : (row as Record<string, unknown>)['_pos']),
          row,
        ]),
      )
    expect(byPosition(lines(live?.text))).toEqual(byPosition(lines(stored?.text)))
    expect(byPosition(lines(stored?.text)).size).toBe(format === 'csv' ? count + 1 : count)
  }
})

test('columns have the requested order; absent values are empty; integers and times keep all digits', async () => {
  const both = await startBoth()
  const rows = [
    {
      time_received: 1_763_632_800_000_000n,
      time_start: 1_763_632_800_123_250n,
      bytes: (1n << 64n) - 1n,
      src_name: '',
      dst_name: 'a "b", c\r\nd',
      _pos: 'test:1:1:0',
    },
    {
      time_received: 1_763_632_800_000_000n,
      time_start: 1_763_632_800_123_000n,
      sampling: 1000n,
      bytes: 7n,
      _pos: 'test:1:1:1',
    },
  ]
  await both.addBatch(makeBatch(flowNames, rows), 1_763_632_800_000)
  for (const url of [both.urls.stored, both.urls.live]) {
    const { text, trailers, headers } = await fetchWhole(
      `${url}/api/v1/export?${query({ columns: 'bytes,SrcK8S_Name,time_start,dst.name,bytes_est,time_received' })}`,
    )
    expect(text).toBe(
      'bytes,src_name,time_start,dst_name,bytes_est,time_received\r\n' +
        '18446744073709551615,"",2025-11-20T10:00:00.123250Z,"a ""b"", ' +
        'c\r\nd",18446744073709551615,2025-11-20T10:00:00.000Z\r\n' +
        '7,,2025-11-20T10:00:00.123Z,,7000,2025-11-20T10:00:00.000Z\r\n',
    )
    expect({ ...trailers }).toEqual({ 'x-weir-rows': '2' })
    expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
    expect(headers['content-disposition']).toBe('attachment; filename="weir-flows.csv"')
  }
})

test('the store and the ring sort alike', async () => {
  const both = await startBoth()
  await both.addBatch(makeBatch(flowNames, randomRows(new SeededRandom(2), flowNames, 80)), Date.now() - 1000)
  for (const url of [both.urls.stored, both.urls.live]) {
    const { text } = await fetchWhole(
      `${url}/api/v1/export?${query({ columns: 'bytes', sort: '-bytes', format: 'ndjson' })}`,
    )
    const values = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { bytes: string | number | null }).bytes)
    const sorted = values.filter((value) => value !== null).map(BigInt)
    expect(sorted).toEqual([...sorted].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)))
    expect(values.slice(sorted.length).every((value) => value === null)).toBe(true)
    for (const [sort, sign] of [
      ['time_received', 1],
      ['-time_received', -1],
    ] as const) {
      const times = (
        await fetchWhole(`${url}/api/v1/export?${query({ columns: 'time_received', sort, format: 'ndjson' })}`)
      ).text
        .trimEnd()
        .split('\n')
        .map((line) => Date.parse((JSON.parse(line) as { time_received: string }).time_received))
      expect(times).toEqual([...times].sort((a, b) => sign * (a - b)))
    }
  }
})

test('a Parquet file holds the same rows for every reader', async () => {
  const both = await startBoth()
  const random = new SeededRandom(31)
  for (let batch = 0; batch < 2; batch++)
    await both.addBatch(makeBatch(flowNames, randomRows(random, flowNames, 150)), Date.now() - 10_000 + batch)
  const folder = await mkdtemp(join(tmpdir(), 'weir-parquet-'))
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  try {
    for (const url of [both.urls.stored, both.urls.live]) {
      const path = join(folder, `${new URL(url).port}.parquet`)
      const answer = await fetch(`${url}/api/v1/export?${query({ format: 'parquet', columns: '*' })}`)
      expect(answer.headers.get('content-type')).toBe('application/vnd.apache.parquet')
      expect(answer.headers.get('content-encoding')).toBe(null)
      await writeFile(path, Buffer.from(await answer.arrayBuffer()))
      const read = async (sql: string): Promise<unknown> =>
        (await connection.runAndReadAll(`SET TimeZone = 'UTC'; ${sql}`)).getRowObjectsJson()
      const names = flowNames.fields
        .map(({ name, kind }) =>
          kind === 'json' ? `"${name}"::VARCHAR` : kind === 'bool' ? `"${name}"::BOOLEAN` : `"${name}"`,
        )
        .join(', ')
      const [file] = (await read(
        'SELECT count(*) AS rows, bit_xor(hash(_pos)) AS positions, sum(bytes)::VARCHAR AS bytes, ' +
          'sum(epoch_us(time_start))::VARCHAR AS times, sum(len(interfaces))::VARCHAR AS items, ' +
          'sum(dns_latency) AS latency, sum(ipsec_code)::VARCHAR AS codes, count(src_mac) AS macs, ' +
          `bit_xor(hash(bytes_est::VARCHAR)) AS estimates FROM '${path}'`,
      )) as unknown[]
      const [stored] = await both.sql(
        'SELECT count(*) AS rows, bit_xor(hash(_pos)) AS positions, sum(bytes)::VARCHAR AS bytes, ' +
          'sum(epoch_us(time_start))::VARCHAR AS times, sum(len(interfaces))::VARCHAR AS items, sum(CASE WHEN ' +
          'isfinite(dns_latency) THEN dns_latency END) AS latency, sum(ipsec_code)::VARCHAR AS codes, ' +
          'count(src_mac) AS macs, bit_xor(hash(bytes_est::VARCHAR)) AS estimates FROM flows WHERE ' +
          'time_received <= now()',
      )
      const plain = (row: unknown): unknown =>
        Object.fromEntries(
          Object.entries(row as Record<string, unknown>).map(([name, value]) => [
            name,
            name === 'latency' ? Number(value).toPrecision(12) : String(value),
          ]),
        )
      expect(plain(file)).toEqual(plain(stored))
      expect(await read(`SELECT ${names} FROM '${path}' LIMIT 1`)).toHaveLength(1)
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true })
  }
})

test('an empty export has a header line and no rows', async () => {
  const both = await startBoth()
  for (const url of [both.urls.stored, both.urls.live]) {
    const { text, trailers } = await fetchWhole(`${url}/api/v1/export?columns=bytes,src_addr`)
    expect(text).toBe('bytes,src_addr\r\n')
    expect({ ...trailers }).toEqual({ 'x-weir-rows': '0' })
  }
})

test('an HTTP/1.0 client gets rows without trailer', async () => {
  const both = await startBoth()
  await both.add([{ src: '10.0.0.1', dst: '10.0.0.2' }], Date.now() - 100)
  const port = Number(new URL(both.urls.live).port)
  const answer = await sendRaw(port, `GET /api/v1/export?columns=src_addr HTTP/1.0\r\nhost: localhost:${port}\r\n\r\n`)
  expect(answer).toMatch(/\r\n\r\nsrc_addr\r\n10\.0\.0\.1\r\n$/)
  expect(answer).not.toContain('transfer-encoding')
})

test('a disconnected client cancels the query of the store', async () => {
  const { api, control } = await start()
  control.answer = async function* (_sql: string, signal: AbortSignal) {
    for (;;) {
      signal.throwIfAborted()
      yield Buffer.alloc(65_536, 'a\r\n')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  } as unknown as typeof control.answer
  const leave = new AbortController()
  const answer = await fetch(`${api.url}/api/v1/export`, { signal: leave.signal })
  await answer.body?.getReader().read()
  const [{ signal } = { signal: new AbortController().signal }] = control.queries
  expect(signal.aborted).toBe(false)
  leave.abort()
  await expect.poll(() => signal.aborted).toBe(true)
})

test('a disconnected client ends the export', async () => {
  const both = await startBoth()
  for (let batch = 0; batch < 6; batch++)
    await both.addBatch(makeBatch(flowNames, randomRows(new SeededRandom(batch), flowNames, 300)), Date.now() - 10_000)
  for (const url of [both.urls.stored, both.urls.live]) {
    const leave = new AbortController()
    const answer = await fetch(`${url}/api/v1/export?${query({ columns: '*' })}`, { signal: leave.signal })
    await answer.body?.getReader().read()
    leave.abort()
    expect((await fetch(`${url}/api/v1/health`)).status).toBe(200)
  }
})
