import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SinkPiece } from '../../engine/contracts.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { parseSchema } from './config.ts'
import { parseStep } from './step.ts'

type Written = Partial<WrittenConfigOf<typeof parseSchema>>
const received = Date.parse('2026-11-25T12:00:00Z')

const event = (data: string, more: Partial<WeirEvent> = {}): WeirEvent => ({
  id: 'a',
  source: '/s',
  type: 't',
  encoding: 'text',
  time: 5,
  data: new TextEncoder().encode(data),
  ...more,
})

function run(written: Written, ...events: readonly (string | WeirEvent)[]) {
  const batch = toEventBatch(events.map((one) => (typeof one === 'string' ? event(one) : one)))
  const rows = Uint32Array.from({ length: batch.count }, (_, row) => row)
  const header = { received } as SinkPiece['header']
  const { outputs, failures } = parseStep(configFrom(parseSchema, written)).take({ batch, rows, firstRow: 0, header })
  return {
    failures,
    rows: outputs.flatMap(({ batch: out }) =>
      Array.from({ length: out.count }, (_, row) => {
        if (out.kind !== 'events') throw new Error('no events')
        const { data, ...rest } = eventAt(out, row)
        return { ...rest, text: new TextDecoder().decode(data) }
      }),
    ),
  }
}
const bodies = (written: Written, ...events: readonly (string | WeirEvent)[]) =>
  run(written, ...events).rows.map(({ text }) => JSON.parse(text) as unknown)
const reason = (written: Written, text: string) => {
  const { failures, rows } = run(written, text)
  expect(rows).toEqual([])
  return failures.map((failure) => ('reason' in failure ? `${failure.is}: ${failure.reason}` : ''))[0]
}
const timed = (time: NonNullable<Written['time']>, text: string) =>
  run({ format: 'csv', columns: ['at', 'x'], time }, `${text},1`).rows.map(({ time: at = Number.NaN, extensions }) => ({
    at: new Date(at).toISOString(),
    ...extensions,
  }))[0]

describe('parse', () => {
  it('makes a point of JSON, with labels, types, new names and the time of the record', () => {
    const { rows, failures } = run(
      {
        to: 'point',
        name_from: 'event',
        labels: ['symbol', 'meta_id'],
        fields: ['price', 'day_volume', 'big'],
        types: { price: 'float', day_volume: 'uint' },
        rename: { day_volume: 'volume', meta_id: 'id' },
        time: { from: 'timestamp', format: 'unix' },
      },
      '{"event":"price","symbol":"BTC/USD","price":"97.50","day_volume":"18446744073709551615",' +
        '"timestamp":1764072000,"big":9007199254740993,"meta":{"id":7}}',
    )
    expect(failures).toEqual([])
    expect(rows).toEqual([
      {
        id: 'a',
        source: '/s',
        type: 'weir.point',
        family: 'point',
        subject: 'price',
        time: 1_764_072_000_000,
        datacontenttype: 'application/json',
        encoding: 'json',
        text:
          '{"name":"price","labels":{"symbol":"BTC/USD","id":"7"},' +
          '"fields":{"price":97.5,"volume":18446744073709551615,"big":9007199254740993}}',
      },
    ])
  })

  it('makes no label above the bound, and costs the other records of the input nothing', () => {
    const written = { to: 'point', name: 'bar', labels: ['symbol'], fields: ['open'] } as const
    const long = 'é'.repeat(1025)
    const why = 'the value of label symbol has 2050 bytes, more than 2048 (`max_label_value`)'
    expect(reason(written, JSON.stringify({ symbol: long, open: 1 }))).toBe(`reject: ${why}`)
    expect(reason({ ...written, to: 'log', fields: [] }, JSON.stringify({ symbol: long }))).toBe(`reject: ${why}`)
    const named = { to: 'point', name_from: 'symbol', fields: ['open'] } as const
    expect(reason(named, JSON.stringify({ symbol: long, open: 1 }))).toBe(`reject: ${why}`)
    const records = [
      { symbol: 'a', open: 1 },
      { symbol: long, open: 2 },
      { symbol: 'x'.repeat(2048), open: 3 },
    ]
    const { rows, failures } = run(written, JSON.stringify(records))
    expect(failures).toEqual([])
    expect(rows.map(({ id, type, extensions }) => [id, type, extensions?.['parseerror']])).toEqual([
      ['a#0', 'weir.point', undefined],
      ['a#1', 't', why],
      ['a#2', 'weir.point', undefined],
    ])
    expect(rows[1]?.text).toBe(JSON.stringify(records[1]))
    expect(bodies({ ...written, max_label_value: '4KiB' }, JSON.stringify(records[1]))).toHaveLength(1)
  })

  it('fans an array out, with fields from outside of it', () => {
    const { rows } = run(
      {
        to: 'point',
        name: 'bar',
        records: '/values',
        include: { symbol: '/meta/symbol' },
        labels: ['symbol'],
        types: { open: 'float' },
        time: { from: 'datetime', format: '%Y-%m-%d %H:%M:%S', zone: 'America/New_York' },
      },
      '{"meta":{"symbol":"AAPL"},"values":[{"datetime":"2026-07-01 09:30:00","open":"1.5"},' +
        '{"datetime":"2026-07-01 09:31:00","open":"2"}],"status":"ok"}',
    )
    expect(rows.map(({ id, time, text }) => [id, time, text])).toEqual([
      ['a#0', Date.parse('2026-07-01T13:30:00Z'), '{"name":"bar","labels":{"symbol":"AAPL"},"fields":{"open":1.5}}'],
      ['a#1', Date.parse('2026-07-01T13:31:00Z'), '{"name":"bar","labels":{"symbol":"AAPL"},"fields":{"open":2}}'],
    ])
    expect(bodies({ records: '/a' }, '{"a":[[{"x":1}],[[2]]]}')).toEqual([{ x: 1 }, { value: 2 }])
    expect(run({ records: '/a' }, '{"a":[]}').failures).toMatchObject([{ is: 'filter', reason: 'no_records' }])
  })

  it('reads CSV with quotes, line breaks in values, and names from the first row', () => {
    expect(bodies({ format: 'csv' }, 'a,b\r\n"x, ""y""","1\n2"\r\n,3\n')).toEqual([
      { a: 'x, "y"', b: '1\n2' },
      { b: '3' },
    ])
    expect(bodies({ format: 'csv', columns: ['a', 'b'], delimiter: ';' }, '1;\n;2')).toEqual([{ a: '1' }, { b: '2' }])
    expect(reason({ format: 'csv' }, 'a,b\n1')).toBe('reject: row 2 has 1 columns instead of 2')
    expect(reason({ format: 'csv' }, 'a\n"1')).toBe('reject: row 2 has a quote without an end')
    expect(reason({ format: 'csv' }, 'a\n"1"2')).toBe('reject: row 2 has text after a quoted value')
  })

  it('returns any table of CSV unchanged', () => {
    const cell = fc.string({ maxLength: 8 }).filter((text) => text !== '' && !text.startsWith('\uFEFF'))
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), (table) => {
        const text = table.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\r\n')
        expect(bodies({ format: 'csv', columns: ['a', 'b'] }, text)).toEqual(table.map(([a, b]) => ({ a, b })))
      }),
    )
  })

  it('reads logfmt into a log line with labels, metadata and severity', () => {
    expect(
      bodies(
        {
          format: 'logfmt',
          to: 'log',
          line: 'msg',
          severity: 'level',
          labels: ['app'],
          metadata: ['id'],
          time: { from: 'ts' },
        },
        String.raw`ts=2026-11-25T10:00:00.5Z level=WARN app=web msg="a \"b\" =c\n" id=7 done`,
      ),
    ).toEqual([{ line: 'a "b" =c\n', labels: { app: 'web' }, metadata: { id: '7' }, severity: 'warn' }])
    expect(reason({ format: 'logfmt' }, 'a="b')).toMatch(/^reject: the text is no logfmt from character/)
    expect(reason({ format: 'logfmt' }, ' ')).toBe('reject: the text has no pair of key and value')
  })

  it('reads named groups of a regular expression, and each line with `lines`', () => {
    const written: Written = {
      format: 'regex',
      pattern: '^(?P<level>\\w+): (?<code>\\d+)',
      types: { code: 'int' },
      lines: true,
    }
    expect(bodies(written, 'info: 1 a\n\r\nwarn: 2\r\n')).toEqual([
      { level: 'info', code: 1 },
      { level: 'warn', code: 2 },
    ])
    expect(reason(written, 'info: 1\nno')).toBe('reject: line 2: the text does not match the pattern')
    expect(bodies({ lines: true }, '{"a":1}\n{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }])
  })

  it('reads the text in a field of an event', () => {
    const given = event('{"log":"a=1","at":{"b":9007199254740993}}', { encoding: 'json', subject: 'b=2' })
    expect(bodies({ format: 'logfmt', field: 'data.log' }, given)).toEqual([{ a: '1' }])
    expect(bodies({ format: 'logfmt', field: 'subject' }, given)).toEqual([{ b: '2' }])
    expect(run({ field: 'data.at' }, given).rows[0]?.text).toBe('{"b":9007199254740993}')
    expect(run({ field: 'data.none' }, given).failures).toMatchObject([
      { is: 'reject', reason: 'the event has no field `data.none`' },
    ])
  })

  it('rejects an input as a whole with the reason, or passes it unchanged', () => {
    const bad = '[{"a":1},{"a":"x"}]'
    expect(reason({ types: { a: 'int' } }, bad)).toBe('reject: record 2: `a` is no int: x')
    expect(run({ types: { a: 'int' }, on_error: 'pass' }, bad, '{"a":"7"}')).toMatchObject({
      failures: [],
      rows: [{ text: bad, extensions: { parseerror: 'record 2: `a` is no int: x' } }, { text: '{"a":7}' }],
    })
    expect(reason({}, '{')).toMatch(/^reject: the text is not valid JSON/)
    expect(reason({ records: '/a' }, '{}')).toBe('reject: the document has nothing at `/a`')
    expect(reason({ to: 'point', name: 'x', drop: ['a'] }, '{"a":1}')).toBe(
      'reject: the record has no field for a point',
    )
    expect(run({}, event('', { data: Uint8Array.of(0xff), encoding: 'binary' })).failures).toMatchObject([
      { reason: 'the data is not UTF-8' },
    ])
  })

  it('converts values, and keeps what JSON cannot hold in `special`', () => {
    const point: Written = { to: 'point', name: 'x' }
    expect(
      bodies({ ...point, types: { a: 'float', b: 'float', c: 'bool' } }, '{"a":"NaN","b":"-inf","c":"no"}'),
    ).toEqual([{ name: 'x', fields: { c: false }, special: { a: 'NaN', b: '-Inf' } }])
    expect(bodies({ types: { a: 'string', b: 'int' } }, '{"a":1.5,"b":"-9.0"}')).toEqual([{ a: '1.5', b: -9 }])
    expect(reason({ types: { a: 'uint' } }, '{"a":-1}')).toBe('reject: `a` is no uint: -1')
    expect(reason({ types: { a: 'float' } }, '{"a":""}')).toBe('reject: `a` is no float: ')
  })

  it('uses the time of the input, and marks that of the arrival', () => {
    const point: Written = { to: 'point', name: 'x', time: { from: 'at' } }
    expect(run(point, '{"v":1}').rows[0]).toMatchObject({ time: 5, text: '{"name":"x","fields":{"v":1}}' })
    const { time: _, ...bare } = event('{"v":1}')
    expect(run(point, bare).rows[0]).toMatchObject({
      time: received,
      text: '{"name":"x","fields":{"v":1},"arrival":true}',
    })
  })
})

describe('times', () => {
  it('resolves local times across a change of daylight saving time, and flags them', () => {
    const berlin = { from: 'at', format: '%Y-%m-%d %H:%M', zone: 'Europe/Berlin' } as const
    expect(timed(berlin, '2026-10-25 01:59')).toEqual({ at: '2026-10-24T23:59:00.000Z' })
    expect(timed(berlin, '2026-10-25 02:30')).toEqual({ at: '2026-10-25T00:30:00.000Z', timeresolved: 'earlier' })
    expect(timed({ ...berlin, ambiguous: 'later' }, '2026-10-25 02:30')).toEqual({
      at: '2026-10-25T01:30:00.000Z',
      timeresolved: 'later',
    })
    expect(timed(berlin, '2026-10-25 03:00')).toEqual({ at: '2026-10-25T02:00:00.000Z' })
    expect(timed(berlin, '2026-03-29 02:30')).toEqual({ at: '2026-03-29T01:30:00.000Z', timeresolved: 'gap' })
    expect(timed(berlin, '2026-03-29 03:00')).toEqual({ at: '2026-03-29T01:00:00.000Z' })
    // Lord Howe changes by half an hour.
    expect(timed({ ...berlin, zone: 'Australia/Lord_Howe' }, '2026-04-05 01:45')).toEqual({
      at: '2026-04-04T14:45:00.000Z',
      timeresolved: 'earlier',
    })
  })

  it.each([
    ['unix', '1764072000.25', '2025-11-25T12:00:00.250Z'],
    ['unix_ms', '1764072000001', '2025-11-25T12:00:00.001Z'],
    ['unix_us', '1764072000001999', '2025-11-25T12:00:00.001Z'],
    ['unix_ns', '1764072000001999999', '2025-11-25T12:00:00.001Z'],
    ['rfc3339', '2025-11-25T12:00:00.123456+02:00', '2025-11-25T10:00:00.123Z'],
    ['rfc3339', '2025-11-25', '2025-11-25T00:00:00.000Z'],
    ['%d/%b/%Y:%H:%M:%S %z', '10/Oct/2000:13:55:36 -0700', '2000-10-10T20:55:36.000Z'],
    ['%m/%d/%y %I:%M %p', '03/01/24 12:05 am', '2024-03-01T00:05:00.000Z'],
    ['%FT%T.%f', '2024-02-29T23:59:59.5', '2024-02-29T23:59:59.500Z'],
    ['%Y.%j', '2024.060', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', (format, text, expected) => {
    expect(timed({ from: 'at', format }, text)).toEqual({ at: expected })
  })

  it.each([
    ['unix', 'x', '`x` is no Unix time'],
    ['unix_ms', '1e300', 'the time `1e300` is out of range'],
    ['rfc3339', '2025-02-30', 'there is no such time: 2025 2 30 0 0 0'],
    ['%H', '25', 'there is no such time: 1970 1 1 25 0 0'],
    ['%Y', '24', 'the time `24` does not have the format `%Y`'],
  ])('rejects with format %s the time %s', (format, text, expected) => {
    expect(reason({ format: 'csv', columns: ['at', 'x'], time: { from: 'at', format } }, `${text},1`)).toBe(
      `reject: ${expected}`,
    )
  })
})

it.each<readonly [Written, string]>([
  [{ format: 'regex' }, '`pattern` belongs to format `regex`'],
  [{ format: 'regex', pattern: '(' }, 'missing'],
  [{ format: 'regex', pattern: 'a' }, 'the pattern has no named group'],
  [{ to: 'point' }, 'points need `name` or `name_from`'],
  [{ time: { from: 'a', zone: 'Mars/Olympus' } }, 'there is no time zone `Mars/Olympus`'],
  [{ time: { from: 'a', format: '%Q' } }, '`%Q` is no supported part'],
  [{ field: 'body' }, '`body` is no field of events'],
  [{ line: 'x' }, 'belong to log lines'],
  [{ format: 'csv', records: '/a' }, 'apply to JSON'],
])('the settings %j are refused', (written, message) => {
  expect(() => configFrom(parseSchema, written)).toThrow(message)
})
