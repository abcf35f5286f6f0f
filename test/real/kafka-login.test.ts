import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { kafkaJournalSchema, kafkaSchema, kafkaSourceSchema } from '../../src/connectors/kafka/config.ts'
import { sink as kafka } from '../../src/connectors/kafka/sink.ts'
import { source as kafkaSource } from '../../src/connectors/kafka/source.ts'
import { openKafkaJournal } from '../../src/connectors/kafka/journal.ts'
import type { KafkaSource } from '../../src/connectors/kafka/source.ts'
import { launch as launchCommand } from '../../src/cli/testing/launch.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { Fenced } from '../../src/journal/index.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { selfSigned } from '../kit/certificate.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { recordsOf } from './kit/journal-records.ts'
import { installKafka } from './install/kafka.ts'
import { KafkaObserver } from './kit/kafka-topic.ts'
import { startKafka, type KafkaServer, type Listener } from './kit/kafka.ts'

const never = new AbortController().signal
const [broker, client, stranger] = [selfSigned('broker'), selfSigned('client'), selfSigned('stranger')]
const topic = 'logins'
let server: KafkaServer
let observer: KafkaObserver
let missing: string | undefined

beforeAll(async () => {
  const installed = await installKafka()
  if (installed.path === undefined) {
    missing = installed.reason
    return
  }
  server = await startKafka({
    user: { name: 'weir', password: 'right' },
    tls: { certificate: broker.cert, key: broker.key, ca: client.cert },
    config: [
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found=true',
      'super.users=User:ANONYMOUS',
    ],
  })
  observer = new KafkaObserver(server.ports.plain)
  await observer.create(topic)
})
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})
afterAll(async () => server?.[Symbol.asyncDispose]())

type Written = WrittenConfigOf<typeof kafkaSchema>

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-kafka-login-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function sinkAt(listener: Listener, written: Partial<Written>): Promise<Sink> {
  const sink = await kafka.build(
    configFrom(kafkaSchema, { brokers: [`127.0.0.1:${server.ports[listener]}`], topic, timeout: '5s', ...written }),
    testContext(),
  )
  onTestFinished(() => sink.close())
  return sink
}

/** The outcome of three events, in words; `stored` when the topic has them. The probe must agree. */
async function outcome(sink: Sink): Promise<string> {
  const failures = await sink.send(eventBatch(numberedEvents(3, 'e'), 't'), never)
  const reason = failures[0]?.reason ?? 'stored'
  expect(failures.map(({ is }) => is)).toEqual(reason === 'stored' ? [] : ['retry', 'retry', 'retry'])
  expect((await sink.probe?.(never))?.is).toBe(reason === 'stored' ? 'ok' : 'fail')
  return reason
}

const tried = async (listener: Listener, written: Partial<Written>): Promise<string> =>
  outcome(await sinkAt(listener, written))

/** A token as an identity provider issues it, without a signature: this broker verifies none. */
function token(seconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  return `${part({ alg: 'none' })}.${part({ sub: 'weir', iat: now - 60, exp: now + seconds })}.`
}

test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
  'case 49: with %s, a wrong password is a retry with that reason, and a corrected one is taken without a restart',
  async (type) => {
    const password = join(await folder(), 'password')
    await writeFile(password, 'wrong\n')
    const sink = await sinkAt('sasl', { auth: { type, user: 'weir', password: `file:${password}` } })
    expect(await outcome(sink)).toMatch(/^127\.0\.0\.1:\d+ rejected the login \(.*\); correct `auth`$/)
    await writeFile(password, 'right\n')
    expect(await outcome(sink)).toBe('stored')
    await rm(password)
    // Existing connections stay.
    expect(await sink.send(eventBatch(numberedEvents(3, 'f'), 't'), never)).toEqual([])
    expect(await tried('sasl', { auth: { type, user: 'weir', password: `file:${password}` } })).toMatch(
      /^a secret refers to the file .*password, which cannot be read$/,
    )
  },
)

test('with a token that is run out or none at all, and with one that is not, read again from its file', async () => {
  const file = join(await folder(), 'token')
  await writeFile(file, token(-30))
  const sink = await sinkAt('sasl', { auth: { type: 'oauthbearer', token: `file:${file}` } })
  expect(await outcome(sink)).toMatch(/rejected the login \(.*\); correct `auth`$/)
  await writeFile(file, 'no token')
  expect(await outcome(sink)).toMatch(/rejected the login \(.*\); correct `auth`$/)
  await writeFile(file, `${token(600)}\n`)
  expect(await outcome(sink)).toBe('stored')
})

test('case 49: over TLS the certificate is checked against its authority and its name', async () => {
  const ca_file = join(await folder(), 'ca.pem')
  await writeFile(ca_file, broker.cert)
  expect(await tried('tls', { tls: { ca_file } })).toBe('stored')
  expect(await tried('tls', { tls: {} })).toMatch(/can't be reached \(.*self-signed certificate/)
  expect(await tried('tls', { tls: { verify: false } })).toBe('stored')
  expect(await tried('tls', { tls: { ca_file, server_name: 'other.example' } })).toMatch(
    /can't be reached \(.*does not match certificate/,
  )
  expect(await tried('tls', {})).toMatch(/requires TLS; set `tls: \{\}`$/)
  expect(await tried('plain', { tls: { ca_file } })).toMatch(/can't be reached/)
})

test('case 49: a missing client certificate is reported; a replaced one is used without a restart', async () => {
  const dir = await folder()
  const [ca_file, cert_file, key_file] = [join(dir, 'ca.pem'), join(dir, 'cert.pem'), join(dir, 'key.pem')]
  await writeFile(ca_file, broker.cert)
  expect(await tried('mutual', { tls: { ca_file } })).toMatch(/`tls.cert_file`/)
  const show = async ({ cert, key }: { cert: string; key: string }): Promise<void> => {
    await writeFile(cert_file, cert)
    await writeFile(key_file, key)
  }
  await show(stranger)
  const sink = await sinkAt('mutual', { tls: { ca_file, cert_file, key_file } })
  expect(await outcome(sink)).toMatch(/client certificate .*`tls\.cert_file`/)
  await show(client)
  expect(await outcome(sink)).toBe('stored')
})

test('a listener that requires a login closes connections without one, and rejects an unknown one', async () => {
  expect(await tried('sasl', {})).toMatch(
    /closed the connection .*; check whether it requires a login \(`auth`\), or TLS \(`tls`\)$/,
  )
  expect(await tried('plain', { auth: { type: 'plain', user: 'weir', password: 'right' } })).toMatch(
    /does not support `auth\.type: plain`|rejected the login|closed the connection/,
  )
})

test('a missing right to write to the topic is reported, and nothing is lost once it is granted', async () => {
  const auth = { type: 'plain', user: 'weir', password: 'right' } as const
  await observer.create('closed')
  await observer.forbid('weir', 'closed', true)
  const sink = await sinkAt('sasl', { auth, topic: 'closed' })
  const reasons = async (): Promise<string[]> => [
    ...new Set(
      (
        await sink.send(
          eventBatch(
            numberedEvents(3, 'e').map(({ key: _, ...event }) => event),
            't',
          ),
          never,
        )
      ).map(({ reason }) => reason),
    ),
  ]
  await expect
    .poll(reasons, { timeout: 10_000 })
    .toEqual(['the brokers deny writing to topic closed; grant the user WRITE and DESCRIBE, or ' + 'correct `topic`'])
  await observer.forbid('weir', 'closed', false)
  await expect.poll(reasons, { timeout: 10_000 }).toEqual([])
})

test('case 49: a source with a refused login reports it, and reads once the password is corrected', async () => {
  const password = join(await folder(), 'password')
  await writeFile(password, 'wrong\n')
  const config = configFrom(kafkaSourceSchema, {
    brokers: [`127.0.0.1:${server.ports.sasl}`],
    topics: [topic],
    auth: { type: 'scram-sha-256', user: 'weir', password: `file:${password}` },
  })
  const journal = new TestJournal()
  const source = (await kafkaSource.build(config, journal.context(1))) as KafkaSource
  const abort = new AbortController()
  const done = source.run(abort.signal)
  await expect
    .poll(() => source.status().problem, { timeout: 20_000 })
    .toMatch(/rejected the login \(.*\); correct `auth`$/)
  await writeFile(password, 'right\n')
  await expect.poll(() => journal.units.length, { timeout: 20_000 }).toBeGreaterThan(0)
  expect(source.status().problem).toBeUndefined()
  abort.abort()
  await done
})

test('the journal over TLS and SCRAM retries a wrong password and uses a changed one without loss', async () => {
  const dir = await folder()
  const [ca_file, password] = [join(dir, 'ca.pem'), join(dir, 'password')]
  await writeFile(ca_file, broker.cert)
  await writeFile(password, 'wrong\n')
  const config = configFrom(kafkaJournalSchema, {
    brokers: [`127.0.0.1:${server.ports.secure}`],
    topic: 'journal',
    partitions: 2,
    timeout: '5s',
    tls: { ca_file },
    auth: { type: 'scram-sha-512', user: 'weir', password: `file:${password}` },
  })
  const open = (): ReturnType<typeof openKafkaJournal> => openKafkaJournal(config, { ...testContext(), create: true })
  await expect(open()).rejects.toThrow(/^127\.0\.0\.1:\d+ rejected the login \(.*\); correct `auth`$/)
  await writeFile(password, 'right\n')
  const bus = await open()
  onTestFinished(() => bus.close())
  const writer = await bus.claim('a')
  const record = (text: string) => [{ key: 'k', value: Buffer.from(text) }]
  await writer.write(1, record('one'))
  await writeFile(password, 'wrong\n')
  await writer.write(1, record('two'))
  await expect(recordsOf(bus, 1, 2)).rejects.toThrow(/rejected the login/)
  await expect(bus.claim('b')).resolves.toBeDefined()
  await writeFile(password, 'right\n')
  await writer.write(1, record('three'))
  expect(await recordsOf(bus, 1, 3)).toEqual(['one', 'two', 'three'])
  // Another writer takes the name with the same login.
  const other = await open()
  onTestFinished(() => other.close())
  await (await other.claim('a')).fence(1, 'k')
  await expect(writer.write(1, record('four'))).rejects.toThrow(Fenced)
})

test('weir bus check writes and reads a message, and reports a missing right to read or write', async () => {
  const dir = await folder()
  const check = async (name: string): Promise<string[]> => {
    const file = join(dir, 'weir.yaml')
    await writeFile(
      file,
      JSON.stringify({
        sinks: {
          bus: {
            type: 'kafka',
            brokers: [`127.0.0.1:${server.ports.sasl}`],
            topic: name,
            create_topic: true,
            auth: { type: 'plain', user: 'weir', password: 'env:PW' },
          },
        },
      }),
    )
    const { stdout, stderr } = await launchCommand(
      ['bus', 'check', '--config', file, '--sink', 'bus', '-o', 'json', '--timeout', '10'],
      { env: { PW: 'right' } },
    )
    if (stdout === '') throw new Error(stderr)
    return (JSON.parse(stdout) as { checks: { check: string; status: string; fact: string }[] }).checks.map(
      ({ check: step, status, fact }) => `${step} ${status}${status === 'ok' ? '' : `: ${fact}`}`,
    )
  }
  await observer.create('checked')
  expect(await check('checked')).toEqual(['connect ok', 'write ok', 'read ok'])
  expect(await check('checked.made')).toEqual(['connect ok', 'write ok', 'read ok'])
  await observer.onlyWrite('weir', 'checked')
  // A new rule takes effect after a moment.
  await expect
    .poll(() => check('checked'), { timeout: 30_000 })
    .toEqual([
      'connect ok',
      'write ok',
      expect.stringMatching(/^read warn: the brokers deny reading topic checked/) as string,
    ])
})

test('the topic of a source is checked', async () => {
  const look = async (topics: string[], password = 'right') =>
    kafkaSource.probe?.(
      configFrom(kafkaSourceSchema, {
        brokers: [`127.0.0.1:${server.ports.sasl}`],
        topics,
        auth: { type: 'plain', user: 'weir', password },
      }),
      testContext(),
      never,
    )
  expect(await look([topic])).toMatchObject({
    is: 'ok',
    message: expect.stringMatching(/logged in; topic logins has \d+ partitions$/) as string,
  })
  expect(await look([topic, 'nowhere'])).toMatchObject({
    is: 'warn',
    message: expect.stringContaining('topic nowhere not found, topic logins has') as string,
  })
  expect(await look([topic], 'wrong')).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('rejected the login') as string,
  })
})
