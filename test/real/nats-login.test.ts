// Every way into a NATS server that the sink knows, and what is said when it is the wrong one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { certificate, key } from '../../src/connectors/http/fixtures/certificate.ts'
import { natsSchema } from '../../src/connectors/nats/config.ts'
import { nats } from '../../src/connectors/nats/index.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
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

/** What becomes of three events, in words; `stored` when the stream has them. What the probe says must agree. */
async function tried(written: Partial<Written> & Pick<Written, 'url'>): Promise<string> {
  const sink = await nats.build(configFrom(natsSchema, { timeout: '2s', subject: 'weir.{subject}', stream: 'WEIR', create_stream: true, ...written }), testContext())
  try {
    const failures = await sink.send(eventBatch(numberedEvents(3, 'e'), `token-${JSON.stringify(written).length}`), never)
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
  expect(await tried({ url: tokens, auth: { type: 'token', token: 'wrong' } })).toMatch(/refuses our login .*correct `auth`/)
  const users = `nats://127.0.0.1:${await serve(await folder(), `authorization { users: [ { user: weir, password: "pass word" }, { nkey: ${pair.getPublicKey()} } ] }`)}`
  expect(await tried({ url: users, auth: { type: 'user', user: 'weir', password: 'pass word' } })).toBe('stored')
  // A file ends in a line break.
  expect(await tried({ url: users, auth: { type: 'nkey', seed: `${seedOf(pair)}\n` } })).toBe('stored')
  expect(await tried({ url: users, auth: { type: 'nkey', seed: seedOf(other) } })).toMatch(/refuses our login/)
  expect(await tried({ url: users })).toMatch(/refuses our login/)
})

test('with a credentials file of a server that trusts an operator; one of another account is refused', async () => {
  const [operator, account, user, system, stranger] = [createOperator(), createAccount(), createUser(), createAccount(), createAccount()]
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  // JetStream is not for the system's account.
  const tokenOf = (pair: KeyPair, jetstream: object): string => signed(operator, pair, 'a', { limits: { ...limits, ...jetstream }, type: 'account', version: 2 })
  const port = await serve(await folder(), [
    `operator: ${signed(operator, operator, 'o', { type: 'operator', version: 2, system_account: system.getPublicKey() })}`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    'resolver_preload: {', `  ${account.getPublicKey()}: ${tokenOf(account, { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 })}`, `  ${system.getPublicKey()}: ${tokenOf(system, {})}`, '}',
  ].join('\n'))
  const creds = (by: KeyPair): string => credentials(signed(by, user, 'u', { type: 'user', version: 2, subs: -1, data: -1, payload: -1, pub: {}, sub: {} }), seedOf(user))
  const url = `nats://127.0.0.1:${port}`
  expect(await tried({ url, auth: { type: 'creds', creds: creds(account) } })).toBe('stored')
  expect(await tried({ url, auth: { type: 'creds', creds: creds(stranger) } })).toMatch(/refuses our login/)
})

test('over TLS: the certificate is checked against the CA and the name, and ours is shown where it is asked for', async () => {
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
  expect(await tried({ url: `tls://${plain}`, tls: { ca_file: cert_file, server_name: 'other.example' } })).toMatch(/can't be reached .*does not match certificate/)
  const mutual = `tls://127.0.0.1:${await serve(await folder(), tls(`, ca_file: "${cert_file}", verify: true`))}`
  expect(await tried({ url: mutual, tls: { ...known, cert_file, key_file } })).toBe('stored')
  expect(await tried({ url: mutual, tls: known })).toMatch(/certificate of ours.*`tls.cert_file`/)
})

/** A JWT as NATS has them: signed with an NKey. */
function signed(by: KeyPair, of: KeyPair, name: string, claims: object): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = { jti: name, iat: Math.floor(Date.now() / 1000), iss: by.getPublicKey(), name, sub: of.getPublicKey(), nats: claims }
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(body)}`
  return `${text}.${Buffer.from(by.sign(new TextEncoder().encode(text))).toString('base64url')}`
}

function credentials(token: string, seed: string): string {
  return `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`
}
