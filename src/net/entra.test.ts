import { expect, onTestFinished, test } from 'vitest'
import { startEntra, type Entra } from '../../test/kit/entra.ts'
import { realHost } from '../host/index.ts'
import { Secret } from '../schema/values.ts'
import { EntraTokens, type EntraLogin } from './entra.ts'
import { isSecure } from './http/loopback.ts'

const { timers } = realHost()
let now = Date.now()

async function authority(): Promise<Entra> {
  const entra = await startEntra()
  onTestFinished(() => entra.close())
  return entra
}

function tokens(login: EntraLogin): EntraTokens {
  return new EntraTokens(login, {
    resource: 'https://servicebus.azure.net',
    timeout: 5000,
    host: { clock: { now: () => now, monotonic: () => now }, timers },
  })
}

const application = ({ tenant, client, secret, url }: Entra): EntraLogin => ({
  type: 'client_secret',
  tenant,
  client,
  secret: Secret.of(secret),
  authority: `${url}/`,
})

test('a token is requested once, renewed five minutes before its end, and used until its end', async () => {
  const entra = await authority()
  const renewable = tokens(application(entra))
  const [first, same] = await Promise.all([renewable.getToken(), renewable.getToken()])
  expect(same).toBe(first)
  expect([
    entra.refusalOf(first.token, 'https://servicebus.azure.net'),
    Math.round((first.expiresOnTimestamp - now) / 1000),
  ]).toEqual([undefined, 3600])
  now += 3_200_000
  expect(await renewable.getToken()).toBe(first)
  now += 150_000
  entra.secret = 'another'
  expect(await renewable.getToken()).toBe(first)
  entra.secret = 'a secret+of&tests'
  expect(await renewable.getToken()).not.toBe(first)
  expect(entra.received).toEqual(['client_secret', 'refused', 'client_secret'])
  now += 4_000_000
  await entra.close()
  await expect(renewable.getToken()).rejects.toThrow(
    /^no token from Entra ID: http:\/\/127\.0\.0\.1:\d+ is unreachable/,
  )
})

test('missing settings of a service account and a secret over plain HTTP are rejected at once', async () => {
  const account = {
    type: 'workload_identity',
    tenant: 'tenant-1',
    client: 'client-1',
    token_file: '/nowhere/token',
    authority: 'https://login.example',
  } as const
  await expect(tokens({ ...account, tenant: null }).getToken()).rejects.toThrow(
    'the tenant is not set: set `auth.tenant`, or let the cluster set AZURE_TENANT_ID',
  )
  await expect(tokens(account).getToken()).rejects.toThrow('the token file /nowhere/token cannot be read')
  await expect(
    tokens({
      type: 'client_secret',
      tenant: 't',
      client: 'c',
      secret: Secret.of('s'),
      authority: 'http://login.example',
    }).getToken(),
  ).rejects.toThrow('would receive a secret over plain HTTP')
  expect(
    [
      'https://login.example',
      'http://127.0.0.1:80',
      'http://127.0.0.1.example',
      'http://localhost',
      'ftp://localhost',
      'x',
    ].map(isSecure),
  ).toEqual([true, true, false, true, false, false])
})
