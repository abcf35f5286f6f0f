// All login methods of the NATS sink, and the messages for wrong ones.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { certificate, key } from '../../src/connectors/http/fixtures/certificate.ts'
import { natsJournalSchema, natsSchema } from '../../src/connectors/nats/config.ts'
import { sink as nats } from '../../src/connectors/nats/sink.ts'
import { openNatsJournal } from '../../src/connectors/nats/journal.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { startWeir } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { recordsOf } from './kit/journal-records.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

const never = new AbortController().signal
const utf8 = new TextDecoder()

beforeEach(async (context) => {
  await need(context, program)
})

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-nats-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function serve(dir: string, config: string): Promise<number> {
  const server = await startNats({ jetstream: true, dir, config })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server.port
}

type Written = WrittenConfigOf<typeof natsSchema>

/** The outcome of three events, in words; `stored` when the stream has them. The probe must agree. */
async function tried(written: Partial<Written> & Pick<Written, 'url'>): Promise<string> {
  const sink = await nats.build(
    configFrom(natsSchema, {
      timeout: '2s',
      subject: 'weir.{subject}',
      stream: 'WEIR',
      create_stream: true,
      ...written,
    }),
    testContext(),
  )
  try {
    const failures = await sink.send(
      eventBatch(numberedEvents(3, 'e'), `token-${JSON.stringify(written).length}`),
      never,
    )
    const probe = await sink.probe?.(never)
    const reason = failures[0]?.reason ?? 'stored'
    expect(probe?.is).toBe(reason === 'stored' ? 'ok' : 'fail')
    return reason
  } finally {
    await sink.close()
  }
}

const seedOf = (pair: KeyPair): string => utf8.decode(pair.getSeed())

test('with a token, with a user and password, and with an NKey', async () => {
  const [pair, other] = [createUser(), createUser()]
  const tokens = `nats://127.0.0.1:${await serve(await folder(), 'authorization { token: "secret-token" }')}`
  expect(await tried({ url: tokens, auth: { type: 'token', token: 'secret-token' } })).toBe('stored')
  expect(await tried({ url: tokens, auth: { type: 'token', token: 'wrong' } })).toMatch(
    /rejected the login .*correct `auth`/,
  )
  const users = `nats://127.0.0.1:${await serve(
    await folder(),
    'authorization { users: [ { user: weir, password: "pass ' + `word" }, { nkey: ${pair.getPublicKey()} } ] }`,
  )}`
  expect(await tried({ url: users, auth: { type: 'user', user: 'weir', password: 'pass word' } })).toBe('stored')
  // A file ends in a line break.
  expect(await tried({ url: users, auth: { type: 'nkey', seed: `${seedOf(pair)}\n` } })).toBe('stored')
  expect(await tried({ url: users, auth: { type: 'nkey', seed: seedOf(other) } })).toMatch(/rejected the login/)
  expect(await tried({ url: users })).toMatch(/rejected the login/)
})

test('with a credentials file of a server that trusts an operator; one of another account is refused', async () => {
  const [operator, account, user, system, stranger] = [
    createOperator(),
    createAccount(),
    createUser(),
    createAccount(),
    createAccount(),
  ]
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  // JetStream is not for the system's account.
  const tokenOf = (pair: KeyPair, jetstream: object): string =>
    signed(operator, pair, 'a', { limits: { ...limits, ...jetstream }, type: 'account', version: 2 })
  const claims = { type: 'operator', version: 2, system_account: system.getPublicKey() }
  const port = await serve(
    await folder(),
    [
      `operator: ${signed(operator, operator, 'o', claims)}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      'resolver_preload: {',
      `  ${account.getPublicKey()}: ` +
        `${tokenOf(account, { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 })}`,
      `  ${system.getPublicKey()}: ${tokenOf(system, {})}`,
      '}',
    ].join('\n'),
  )
  const creds = (by: KeyPair): string =>
    credentials(
      signed(by, user, 'u', { type: 'user', version: 2, subs: -1, data: -1, payload: -1, pub: {}, sub: {} }),
      seedOf(user),
    )
  const url = `nats://127.0.0.1:${port}`
  expect(await tried({ url, auth: { type: 'creds', creds: creds(account) } })).toBe('stored')
  expect(await tried({ url, auth: { type: 'creds', creds: creds(stranger) } })).toMatch(/rejected the login/)
})

test('over TLS the CA and the name are verified, and the client certificate is sent if requested', async () => {
  const dir = await folder()
  const [cert_file, key_file] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  await writeFile(cert_file, certificate)
  await writeFile(key_file, key)
  const tls = (more: string): string => `tls { cert_file: "${cert_file}", key_file: "${key_file}"${more} }`
  const plain = `127.0.0.1:${await serve(await folder(), tls(''))}`
  const known = { ca_file: cert_file, server_name: 'localhost' }
  expect(await tried({ url: `tls://${plain}`, tls: known })).toBe('stored')
  expect(await tried({ url: `nats://${plain}`, tls: known })).toBe('stored')
  expect(await tried({ url: `tls://${plain}` })).toMatch(/can't be reached .*self-signed certificate/)
  expect(await tried({ url: `tls://${plain}`, tls: { ca_file: cert_file, server_name: 'other.example' } })).toMatch(
    /can't be reached .*does not match certificate/,
  )
  const mutual = `tls://127.0.0.1:${await serve(await folder(), tls(`, ca_file: "${cert_file}", verify: true`))}`
  expect(await tried({ url: mutual, tls: { ...known, cert_file, key_file } })).toBe('stored')
  expect(await tried({ url: mutual, tls: known })).toMatch(/client certificate.*`tls.cert_file`/)
})

/** A server over TLS with one user and a variable password. */
async function secured(
  dir: string,
): Promise<{ readonly server: NatsServer; readonly ca_file: string; setPassword(password: string): Promise<void> }> {
  const [cert_file, key_file, users] = [join(dir, 'cert.pem'), join(dir, 'key.pem'), join(dir, 'users.conf')]
  await writeFile(cert_file, certificate)
  await writeFile(key_file, key)
  const setPassword = (password: string): Promise<void> =>
    writeFile(users, `authorization { users: [ { user: weir, password: "${password}" } ] }`)
  await setPassword('first')
  const server = await startNats({
    jetstream: true,
    dir,
    config: `include "users.conf"\ntls { cert_file: "${cert_file}", key_file: "${key_file}" }`,
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { server, ca_file: cert_file, setPassword }
}

test('the journal over TLS uses a changed password without a restart, and stores pending rows once', async () => {
  const dir = await folder()
  const { server, ca_file, setPassword } = await secured(dir)
  const password = join(dir, 'password')
  await writeFile(password, 'wrong\n')
  const config = configFrom(natsJournalSchema, {
    url: `tls://127.0.0.1:${server.port}`,
    stream: 'journal',
    partitions: 2,
    timeout: '2s',
    tls: { ca_file, server_name: 'localhost' },
    auth: { type: 'user', user: 'weir', password: `file:${password}` },
  })
  const open = (): ReturnType<typeof openNatsJournal> => openNatsJournal(config, { ...testContext(), create: true })
  await expect(open()).rejects.toThrow(/rejected the login \(.*\); correct `auth`$/)
  await writeFile(password, 'first\n')
  const bus = await open()
  onTestFinished(() => bus.close())
  const writer = await bus.claim('a')
  const record = (text: string) => [{ key: 'k', value: Buffer.from(text) }]
  const written = (text: string): Promise<number | string> => writer.write(1, record(text)).catch(String)
  const patience = { timeout: 30_000, interval: 100 }
  await writer.write(1, record('one'))

  // The file has the new password before the server returns with it.
  await writeFile(password, 'second\n')
  await setPassword('second')
  await server.restart()
  await expect.poll(() => written('two'), patience).toEqual(expect.any(Number))

  // The server has it first: the login is refused, reported, and succeeds when the file has it.
  await setPassword('third')
  await server.restart()
  await expect.poll(() => written('three'), patience).toMatch(/rejected the login \(.*\); correct `auth`$/)
  await expect(recordsOf(bus, 1, 3)).rejects.toThrow(/rejected the login/)
  await writeFile(password, 'third\n')
  await expect.poll(() => written('three'), patience).toEqual(expect.any(Number))
  // A file that is gone while the connection is made again.
  await rm(password)
  await server.restart()
  await expect
    .poll(() => written('four'), patience)
    .toMatch(/a secret refers to the file .*password, which cannot be read/)
  await writeFile(password, 'third\n')
  await expect.poll(() => written('four'), patience).toEqual(expect.any(Number))
  expect(await recordsOf(bus, 1, 4)).toEqual(['one', 'two', 'three', 'four'])
})

test('a running Weir reloads the password of its journal without losing messages', async () => {
  const dir = await folder()
  const { server, ca_file, setPassword } = await secured(dir)
  const password = join(dir, 'password')
  await writeFile(password, 'first\n')
  const on = {
    type: 'nats',
    url: `tls://127.0.0.1:${server.port}`,
    partitions: 1,
    timeout: '2s',
    tls: { ca_file, server_name: 'localhost' },
    auth: { type: 'user', user: 'weir', password: `file:${password}` },
  }
  const weir = await startWeir({ folder: dir, config: { journal: { on } } })
  onTestFinished(async () => {
    await weir.stop()
  })
  const send = (id: string): Promise<unknown> =>
    weir.post('/events', { specversion: '1.0', id, source: '/test', type: 'numbered' }, 'application/cloudevents+json')
  await send('1')
  await setPassword('second')
  await server.restart()
  await expect.poll(() => weir.log, { timeout: 30_000, interval: 100 }).toMatch(/rejected the login/)
  const waiting = send('2')
  await writeFile(password, 'second\n')
  await waiting
  await send('3')
  await expect
    .poll(() => weir.sql('SELECT id FROM events ORDER BY id'), { timeout: 30_000, interval: 200 })
    .toEqual([{ id: '1' }, { id: '2' }, { id: '3' }])
}, 120_000)

/** A JWT as NATS has them: signed with an NKey. */
function signed(by: KeyPair, of: KeyPair, name: string, claims: object): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = {
    jti: name,
    iat: Math.floor(Date.now() / 1000),
    iss: by.getPublicKey(),
    name,
    sub: of.getPublicKey(),
    nats: claims,
  }
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(body)}`
  return `${text}.${Buffer.from(by.sign(new TextEncoder().encode(text))).toString('base64url')}`
}

function credentials(token: string, seed: string): string {
  return (
    `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY ` +
    `SEED-----\n${seed}\n------END USER NKEY SEED------\n`
  )
}
