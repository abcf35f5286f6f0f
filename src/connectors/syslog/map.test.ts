import { expect, test } from 'vitest'
import { syslogLine } from './map.ts'
import { SyslogFramer } from './map-framing.ts'

const received = Date.parse('2026-11-27T17:30:00Z')

function read(message: string | Uint8Array, zone = 'UTC') {
  const { body, time, isParsed } = syslogLine(Buffer.from(message), { received, zone, from: '10.0.0.1' })
  const { facility: _, sender: __, ...names } = body.labels ?? {}
  return { ...names, line: body.line, ...body.metadata, isParsed, ...(time === undefined ? {} : { time: iso(time) }) }
}

const iso = (time: number): string => new Date(time).toISOString()
const at = (time: string): string => iso(Date.parse(time))
const unparsed = (line: string) => ({ line, isParsed: false, unparsed: 'true' })

test.each([
  ['29: Nov 27 17:11:12.123: %SYS-5-CONFIG_I: Set', { message_counter: '29', time: at('2026-11-27T17:11:12.123Z') }],
  [
    '34: *Nov 27 17:11:12.345 UTC: %LINK-3-UPDOWN: Set',
    { message_counter: '34', time: at('2026-11-27T17:11:12.345Z') },
  ],
  ['34: .Nov 27 17:11:12 MET: %LINK-3-UPDOWN: Set', { message_counter: '34', time: at('2026-11-27T16:11:12Z') }],
  [
    '421370: 421366: Nov 23 22:23:27: %SEC-6-IPACCESSLOGP: Set',
    { message_counter: '421370', sequence_number: '421366', time: at('2026-11-23T22:23:27Z') },
  ],
  ['41: sw1: Nov 27 2026 17:11:12 PST: %SYS-5-CONFIG_I: Set', { host: 'sw1', time: at('2026-11-28T01:11:12Z') }],
  ['41: 000042: 1w2d: %SYS-5-CONFIG_I: Set', { sequence_number: '000042', uptime: '1w2d' }],
  [': 000042: *Nov 27 17:11:12: %SYS-5-CONFIG_I: Set', { sequence_number: '000042', time: at('2026-11-27T17:11:12Z') }],
  ['41: 00:01:02: %SYS-5-CONFIG_I: Set', { uptime: '00:01:02' }],
  [': 2026 Nov 27 17:11:12 UTC: %ETHPORT-5-IF_UP: Set', { time: at('2026-11-27T17:11:12Z') }],
  ['n9k : 2026 Nov 27 17:11:12 ZZT: %ETHPORT-5-IF_UP: Set', { host: 'n9k', time: at('2026-11-27T17:11:12Z') }],
  ['Nov 27 2026 17:11:12: %ASA-6-302013: Set', { time: at('2026-11-27T17:11:12Z') }],
  ['Nov 27 2026 17:11:12 fw1 : %ASA-6-302013: Set', { host: 'fw1', time: at('2026-11-27T17:11:12Z') }],
  ['2026-11-27T17:11:12Z fw1 : %ASA-6-302013: Set', { host: 'fw1', time: at('2026-11-27T17:11:12Z') }],
  [':Nov 27 17:11:12 EST: %ASA-session-6-302013: Set', { time: at('2026-11-27T22:11:12Z') }],
  ['%ASA-6-302013: Set', {}],
])('the message of Cisco `%s` has its time, and no application', (text, expected) => {
  const found = read(`<189>${text}`)
  expect(found).toMatchObject({ ...expected, line: text.slice(text.indexOf('%')), isParsed: true })
  expect(found).not.toHaveProperty('app')
  expect('time' in found).toBe('time' in expected)
})

test('a router of Cisco IOS XR has its node and its process', () => {
  expect(read('<190>7: r1 RP/0/RSP0/CPU0:Nov 27 17:11:12.5 UTC: config[65]: %MGBL-CONFIG-6-DB : Set')).toEqual({
    host: 'r1',
    node: 'RP/0/RSP0/CPU0',
    app: 'config',
    procid: '65',
    message_counter: '7',
    line: '%MGBL-CONFIG-6-DB : Set',
    time: at('2026-11-27T17:11:12.500Z'),
    isParsed: true,
  })
})

test.each([
  ['Feb  5 17:32:18 10.0.0.99 Use it', { host: '10.0.0.99', line: 'Use it' }],
  ['Jul  6 20:33:28 ABC-1-2 Some text', { host: 'ABC-1-2', line: 'Some text' }],
  ['Nov 27 17:11:12 PA-VM 1,2026/11/27 17:11:12,007,END', { host: 'PA-VM', line: '1,2026/11/27 17:11:12,007,END' }],
  ['Nov 27 17:11:12 2026 h app: x', { host: 'h', app: 'app', line: 'x' }],
  [
    'Fri Nov 27 17:11:12 CET 2026 h app[7]: x',
    { host: 'h', app: 'app', procid: '7', time: at('2026-11-27T16:11:12Z') },
  ],
  ['Nov 27 2026 17:11:12+08:00 hw %%01SHELL/5/CMD(s)[1]:x', { host: 'hw', time: at('2026-11-27T09:11:12Z') }],
  [' Nov 8 18:11:57 ISE-1 CISE_Failed 0002 1 0', { host: 'ISE-1', line: 'CISE_Failed 0002 1 0' }],
  ['2026-11-27T17:11:12.9Z esx1 Hostd: info hostd[7]', { host: 'esx1', app: 'Hostd', line: 'info hostd[7]' }],
  ['2026-11-27T17:11:12Z esx1 In(14) vpxa[9]: x', { host: 'esx1', app: 'vpxa', procid: '9', severity_mark: 'In(14)' }],
  ['Nov 27 17:11:12 h  app[7]: x', { host: 'h', app: 'app', procid: '7', line: 'x' }],
  ['2026-11-27 17:11:12,123 h app: x', { host: 'h', app: 'app', time: at('2026-11-27T17:11:12.123Z') }],
  ['Nov 27 17:11:12 U7,0123456789ab,v4.0: hostapd: x', { host: 'U7,0123456789ab,v4.0', app: 'hostapd', line: 'x' }],
  ['Nov 27 17:11:12 ("U7,0123456789ab,v4.0") syslog: x', { host: 'U7,0123456789ab,v4.0', app: 'syslog' }],
  ['ap1 0123456789ab,U6-6.8: mcad[3]: x', { host: 'ap1', app: 'mcad', device: '0123456789ab,U6-6.8', line: 'x' }],
  ['Nov 27 17:11:12 last message repeated 3 times', { line: 'last message repeated 3 times' }],
  ['Nov 27 17:11:12 Message forwarded from h1: app: x', { host: 'h1', app: 'app', line: 'x' }],
  ['date=2026-11-27 time=17:11:12 devname="F" tz="-0400"', { host: 'F', time: at('2026-11-27T21:11:12Z') }],
  ['Connection lost: again', { line: 'Connection lost: again' }],
  ['29: hello', { line: '29: hello' }],
  ['Nov 31 17:11:12 h app: x', { line: 'Nov 31 17:11:12 h app: x' }],
])('`%s` has these names', (text, expected) => {
  const { time, isParsed, ...found } = read(`<13>${text}`)
  expect({ time, ...found }).toMatchObject(expected)
  expect(isParsed).toBe(true)
  for (const name of ['host', 'app']) expect(name in found).toBe(name in expected)
})

test('an abbreviation with several meanings is that of the configured zone', () => {
  const text = '<13>Nov 27 17:11:12 CST h app: x'
  expect(read(text).time).toBe(at('2026-11-27T23:11:12Z'))
  expect(read(text, 'Asia/Shanghai').time).toBe(at('2026-11-27T09:11:12Z'))
})

test.each([
  '<29>1 2026-01-02t15:04:05Z - - - - -',
  '<29>1 2026-02-30T15:04:05Z - - - - -',
  '<29>1 - h',
  '<29>1',
  '<29>1 - h a - - [x y="z',
  '<29>12 packets',
])('`%s` begins as RFC 5424 and is none: it stays text', (text) => {
  expect(read(text)).toEqual(unparsed(text))
})

test('later versions, leap seconds, repeated names and elements of RFC 5424 keep their values', () => {
  expect(read('<165>3 2026-10-11T22:14:15Z h evnts - ID27 - x')).toMatchObject({ host: 'h', app: 'evnts', line: 'x' })
  expect(read('<1>1 2016-12-31T23:59:60Z h a - - - x').time).toBe(at('2017-01-01T00:00:00Z'))
  expect(read('<34>1 - h a - - [e ip="1" ip="2"][e ip="3"] m')).toMatchObject({ 'e.ip': '1, 2, 3', line: 'm' })
  expect(read('<134>1 1764263472.5 MX84 urls src=1')).toMatchObject({ host: 'MX84', line: 'urls src=1' })
})

test('bytes that are not UTF-8 are Latin-1, except a cut character at the end', () => {
  const cafe = Buffer.from('<13>Nov 27 17:11:12 h app: caf\u00E9', 'latin1')
  expect(read(cafe).line).toBe('café')
  expect(read(Buffer.concat([cafe, Buffer.from('!')])).line).toBe('café!')
  expect(read(Buffer.from('<13>a: größe').subarray(0, -1)).line).toBe('größ')
  expect(read(Buffer.from([...Buffer.from('<13>1 - - - - - - \uFEFFgröß'), 0xff, 0x21])).line).toBe('größ\uFFFD!')
  expect(read(Buffer.from('<13>a: größ€').subarray(0, -1)).line).toBe('größ\uFFFD')
})

function framed(stream: string, size = 1000) {
  const framer = new SyslogFramer(600)
  const bytes = Buffer.from(stream)
  const found = []
  for (let from = 0; from < bytes.length; from += size) found.push(...framer.push(bytes.subarray(from, from + size)))
  return [...found, ...framer.end()].map((one) =>
    one.is === 'message' ? `${one.isCut === true ? 'cut: ' : ''}${Buffer.from(one.bytes).toString()}` : one.is,
  )
}

test.each([
  ['500 <13>1 - h t - - - abc', ['cut: <13>1 - h t - - - abc']],
  ['<13>1 a\0<13>1 b\0', ['<13>1 a', '<13>1 b']],
  ['12 monkeys\n<13>after\n', ['12 monkeys', '<13>after']],
  ['900000 bottles\n<13>after\n', ['900000 bottles', '<13>after']],
  ['5 <1>ab\n5 <1>cd\n', ['<1>ab', '<1>cd']],
  ['7 <1>größ7 <1>next<13>last', ['<1>grö', 'ß', '<1>next', '<13>last']],
  ['<1>a\r\n\r\n<1>b', ['<1>a\r', '<1>b']],
  ['17', ['17']],
])('the stream `%j` loses nothing', (stream, expected) => {
  for (const size of [1, 3, 1000]) expect(framed(stream, size)).toEqual(expected)
})

test('times keep their nanoseconds', () => {
  const nanosOf = (text: string) => syslogLine(Buffer.from(text), { received, zone: 'UTC', from: '' }).body.nanos
  expect(nanosOf('<1>1 2026-11-27T17:11:12.123456Z h a - - - x')).toBe(456_000)
  expect(nanosOf('<1>2026-11-27T17:11:12.123456789Z h a: x')).toBe(456_789)
  expect(nanosOf('<134>1 1764263472.5000001 MX84 urls')).toBe(100)
  expect(nanosOf('<1>1 2026-11-27T17:11:12.123Z h a - - - x')).toBeUndefined()
})

test('a cut message is marked', () => {
  const { body } = syslogLine(Buffer.from('<13>1 - h t - - - abc'), { received, zone: 'UTC', from: '', isCut: true })
  expect(body).toMatchObject({ line: 'abc', metadata: { cut: 'true' } })
})

test('a time without a year is at most a month after the arrival', () => {
  const timeOf = (text: string) => syslogLine(Buffer.from(text), { received, zone: 'UTC', from: '' }).time
  expect(timeOf('<13>Feb  5 17:32:18 10.0.0.99 x')).toBe(Date.parse('2026-02-05T17:32:18Z'))
  expect(timeOf('<13>Dec 20 17:32:18 10.0.0.99 x')).toBe(Date.parse('2026-12-20T17:32:18Z'))
})
