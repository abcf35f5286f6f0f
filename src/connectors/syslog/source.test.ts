import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createSocket } from 'node:dgram'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { realHost } from '../../host/index.ts'
import type { LogData } from '../../model/points.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { syslogSchema } from './config.ts'
import { SyslogFramer, type Framed } from './map-framing.ts'
import { syslogLine } from './map.ts'
import { openSyslog } from './source.ts'

proves('source', { system: 'syslog', server: 'client', standIn: true })

const received = Date.parse('2026-01-01T00:30:00Z')
const line = (text: string, zone = 'UTC') => syslogLine(Buffer.from(text), { received, zone, from: '10.0.0.1' })

test('messages of RFC 5424 keep their structured data, and a mark of UTF-8 is no text', () => {
  const text =
    '<165>1 2003-10-11T22:14:15.003Z mymachine evntslog - ID47 ' +
    String.raw`[exampleSDID@32473 iut="3" q="a \"b\" \]"][x y="z"] ` +
    '\uFEFFAn event'
  expect(line(text)).toEqual({
    time: Date.parse('2003-10-11T22:14:15.003Z'),
    isParsed: true,
    body: {
      line: 'An event',
      labels: { facility: 'local4', host: 'mymachine', app: 'evntslog', sender: '10.0.0.1' },
      metadata: { msgid: 'ID47', 'exampleSDID@32473.iut': '3', 'exampleSDID@32473.q': 'a "b" ]', 'x.y': 'z' },
      severity: 'info',
    },
  })
  expect(line('<0>1 - - - - - -').body).toEqual({
    line: '',
    labels: { facility: 'kern', sender: '10.0.0.1' },
    severity: 'fatal',
    arrival: true,
  })
})

test('messages of RFC 3164 get the nearest year and the time zone', () => {
  expect(line("<34>Dec 31 23:14:15 mymachine su[12]: 'su root' failed")).toEqual({
    time: Date.parse('2025-12-31T23:14:15Z'),
    isParsed: true,
    body: {
      line: "'su root' failed",
      labels: { facility: 'auth', host: 'mymachine', app: 'su', sender: '10.0.0.1' },
      metadata: { procid: '12' },
      severity: 'fatal',
    },
  })
  expect(line('<13>Jan  1 01:00:00 h app: x', 'Europe/Berlin').time).toBe(Date.parse('2026-01-01T00:00:00Z'))
  expect(line('<13>just text').body).toMatchObject({ line: 'just text', severity: 'info', arrival: true })
})

test('any other text is stored as it is', () => {
  for (const text of ['no priority', '<999>1 - - - - - - x', ''])
    expect(line(text)).toMatchObject({ isParsed: false, body: { line: text, arrival: true } })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(syslogLine(bytes, { received, zone: 'UTC', from: '' }).body.line).toBeTypeOf('string')
    }),
  )
})

test('names beyond the lengths of RFC 5424 are no labels, and stay in the line', () => {
  const [host, app] = ['h'.repeat(256), 'a'.repeat(49)]
  for (const text of [`<34>1 - ${host} app - - - x`, `<34>1 - host ${app} - - - x`, `<34>${host} app: x`]) {
    const { labels = {}, line: found } = line(text).body
    expect(Object.values(labels).every((value) => value.length <= 255)).toBe(true)
    expect(found).toContain(text.includes(host) ? host : app)
  }
  const most = `<34>1 - ${'h'.repeat(255)} ${'a'.repeat(48)} - - - x`
  expect(line(most).body).toMatchObject({ line: 'x', labels: { host: 'h'.repeat(255), app: 'a'.repeat(48) } })
})

const textOf = (one: Framed) => (one.is === 'message' ? Buffer.from(one.bytes).toString() : one.is)

test('a stream is cut into the same messages, however it arrives', () => {
  const text = fc.stringMatching(/^<[0-9]{1,2}>[a-z ]{0,20}$/)
  const stream = fc.array(fc.record({ text, counted: fc.boolean() }), { maxLength: 8 })
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 30 }), (all, size) => {
      const bytes = Buffer.from(
        all.map(({ text: one, counted }) => (counted ? `${one.length} ${one}` : `${one}\n`)).join(''),
      )
      const framer = new SyslogFramer(100)
      const found: string[] = []
      for (let at = 0; at < bytes.length; at += size)
        for (const one of framer.push(bytes.subarray(at, at + size)))
          found.push(one.is === 'message' ? Buffer.from(one.bytes).toString() : one.is)
      expect(found).toEqual(all.map((one) => one.text))
    }),
  )
})

test('messages beyond the limit are counted, and the next one is read', () => {
  const framer = new SyslogFramer(10)
  const found = [`${'<1>'.padEnd(30, 'y')}`, '\n5 hello<2>z\n', '7 cut']
    .flatMap((piece) => [...framer.push(Buffer.from(piece))])
    .concat([...framer.end()])
  expect(found.map(textOf)).toEqual(['too_large', 'hello', '<2>z', 'cut'])
  expect(found.at(-1)).toMatchObject({ isCut: true })
})

test('a length beyond the limit ends the stream, and the messages before it are complete', () => {
  const whole = '5 hello'
  for (const size of [1, 3, 100])
    for (const count of ['11', '200000', '9'.repeat(8), '1' + '0'.repeat(20)]) {
      const framer = new SyslogFramer(10)
      const bytes = Buffer.from(`${whole}${count} <1>x${'y'.repeat(50)}\n5 after`)
      const found: string[] = []
      for (let at = 0; at < bytes.length; at += size)
        for (const one of framer.push(bytes.subarray(at, at + size)))
          found.push(one.is === 'message' ? Buffer.from(one.bytes).toString() : one.is)
      expect([...found, ...framer.end()]).toEqual(['hello', 'oversized'])
    }
})

test('a line that begins with a time is no length', () => {
  for (const time of ['1700000000', '1700000000000', '1700000000000000'])
    for (const size of [1, 100]) {
      const bytes = Buffer.from(`${time} started\n`)
      const framer = new SyslogFramer(100)
      const found: string[] = []
      for (let at = 0; at < bytes.length; at += size)
        for (const one of framer.push(bytes.subarray(at, at + size)))
          found.push(one.is === 'message' ? Buffer.from(one.bytes).toString() : one.is)
      expect(found).toEqual([`${time} started`])
    }
})

async function start(written: Partial<WrittenConfigOf<typeof syslogSchema>> = {}) {
  const scene = new QueryScene('syslog', 1000)
  const config = configFrom(syslogSchema, { udp: '127.0.0.1:0', tcp: '127.0.0.1:0', ...written })
  const source = await openSyslog(config, { ...scene.context(), host: realHost() })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const stop = async () => {
    abort.abort()
    await done
  }
  onTestFinished(stop)
  const portOf = (scheme: string) => {
    const address = source.addresses.find((one) => one.startsWith(scheme)) ?? ''
    return Number(address.split(':').at(-1))
  }
  const lines = () => scene.events.map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as LogData)
  return { scene, source, portOf, lines, stop }
}

test('logger of util-linux sends over UDP and TCP, in both formats', async () => {
  const { portOf, lines } = await start()
  const run = promisify(execFile)
  const common = ['--server', '127.0.0.1', '-p', 'local0.warning', '-t', 'shop']
  await run('logger', [...common, '--port', String(portOf('udp')), '--udp', '--rfc5424', 'one'])
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1)
  await run('logger', [...common, '--port', String(portOf('udp')), '--udp', '--rfc3164', 'two'])
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(2)
  await run('logger', [...common, '--port', String(portOf('tcp')), '--tcp', '--rfc5424', 'three'])
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(3)
  await run('logger', [...common, '--port', String(portOf('tcp')), '--tcp', '--octet-count', 'four'])
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(4)
  expect(lines().map(({ line: text }) => text)).toEqual(['one', 'two', 'three', 'four'])
  for (const one of lines())
    expect(one).toMatchObject({ severity: 'warn', labels: { facility: 'local0', app: 'shop', sender: '127.0.0.1' } })
})

test('messages that are stored as text are counted by sender', async () => {
  const { portOf, lines, source } = await start()
  const socket = connect(portOf('tcp'), '127.0.0.1')
  socket.end('<13>1 is no version\n<13>Jan  2 03:04:05 host app: text\nno priority\n')
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(3)
  expect(source.feed?.()).toMatchObject({ records: 3, unparsed: { '127.0.0.1': 2 } })
})

test('a full queue of datagrams is counted, and TCP waits', async () => {
  const { scene, portOf, lines, source } = await start({ queue: '1MiB' })
  scene.refuse = 2
  const socket = connect(portOf('tcp'), '127.0.0.1')
  socket.end('<1>a\n<1>b')
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(2)
  expect(source.status()).toMatchObject({ messages: 2, lost: 0 })
  expect(source.feed?.()).toMatchObject({ records: 2, lastRecord: expect.any(Number) as number })
  scene.refuse = 1000
  const sender = createSocket('udp4')
  onTestFinished(() => void sender.close())
  const large = Buffer.from(`<1>${'x'.repeat(60_000)}`)
  await expect
    .poll(
      async () => {
        await new Promise((resolve) => sender.send(large, portOf('udp'), '127.0.0.1', resolve))
        return scene.shed['queue_full'] ?? 0
      },
      { interval: 2, timeout: 20_000 },
    )
    .toBeGreaterThan(0)
  scene.refuse = 0
})

test.each(['200000', '1' + '0'.repeat(20)])(
  'a connection that announces %s bytes is closed and counted',
  async (count) => {
    const { scene, portOf, lines, source } = await start()
    const socket = connect(portOf('tcp'), '127.0.0.1')
    const closed = new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', () => resolve()))
    socket.write(`5 hello${count} <1>endless`)
    await closed
    await expect.poll(() => lines().map(({ line: text }) => text), { timeout: 20_000 }).toEqual(['hello'])
    expect(scene.shed).toEqual({ too_large: 1 })
    connect(portOf('tcp'), '127.0.0.1').end('5 again')
    await expect.poll(() => source.status().messages, { timeout: 20_000 }).toBe(2)
  },
)

test('TLS requires a certificate of the configured authority, and a silent connection delays no stop', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-syslog-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const own = selfSigned()
  const files = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
  await writeFile(files.cert_file, own.cert)
  await writeFile(files.key_file, own.key)
  const { portOf, lines, stop } = await start({ tls: { ...files, client_ca_file: files.cert_file } })
  const send = (identity: object) =>
    new Promise<void>((resolve) => {
      const socket = connectTls({ port: portOf('tls'), host: '127.0.0.1', ca: own.cert, ...identity })
      socket.on('error', () => resolve()).on('close', () => resolve())
      socket.end('<1>secured\n')
    })
  await send({})
  await send(own)
  await expect.poll(() => lines().map(({ line: text }) => text), { timeout: 20_000 }).toEqual(['secured'])
  const silent = connect(portOf('tls'), '127.0.0.1')
  await once(silent, 'connect')
  await stop()
  silent.destroy()
})
