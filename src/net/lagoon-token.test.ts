import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hmacAlgorithms, isWeakSecret, mintToken, TokenVerifier, verifyToken } from './lagoon-token.ts'

const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
const [now, secret, next] = [Date.UTC(2026, 0, 1), 'testsecret', 'x'.repeat(32)]
const payload = { EnvironmentId: '777', EnvironmentName: 'main', Namespace: 'proj-main', ProjectName: 'proj' }
const golden =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJFbnZpcm9ubWVudElkIjoiNzc3IiwiRW52aXJvbm1lbnROYW1lIjoibWFpbiIsIk5h' +
  'bWVzcGFjZSI6InByb2otbWFpbiIsIlByb2plY3ROYW1lIjoicHJvaiJ9.UmB0luGragRPiO4P0j7t-qM8v_AKAXbaV60c4tNHhg8'

const signed = (head: object, body: object, hash = 'sha256'): string => {
  const text = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`
}
const verified = (token: string, algorithms: readonly string[] = ['HS256'], secrets = [secret]) =>
  verifyToken(token, secrets, { algorithms, now })

test('a token has the bytes of insights-remote, and expires only with a lifetime', async () => {
  expect(await mintToken(secret, claims)).toBe(golden)
  const expiring = await mintToken(secret, claims, { now, ms: 60_000 })
  expect(await verified(expiring)).toMatchObject({ ...claims, issuedAt: now / 1000, expires: now / 1000 + 60 })
  expect(await verifyToken(expiring, [secret], { algorithms: ['HS256'], now: now + 61_000 })).toBeUndefined()
})

test('the secret that verified a token is named, for a rotation', async () => {
  const current = await mintToken(next, claims)
  expect((await verified(current, ['HS256'], [next, secret]))?.secret).toBe(0)
  expect((await verified(golden, ['HS256'], [next, secret]))?.secret).toBe(1)
  expect(await verified(golden, ['HS256'], [next])).toBeUndefined()
})

describe('a token is refused', () => {
  const head = { alg: 'HS256', typ: 'JWT' }
  test.each([
    ['without three parts', 'abc'],
    ['that is empty', ''],
    ['that is unsigned', signed({ alg: 'none', typ: 'JWT' }, payload)],
    ['of another algorithm', signed({ alg: 'RS256', typ: 'JWT' }, payload)],
    ['of another type', signed({ alg: 'HS256', typ: 'JWE' }, payload)],
    ['with HS512 unless it is allowed', signed({ alg: 'HS512', typ: 'JWT' }, payload, 'sha512')],
    ['with a changed signature', golden.replace(/.{4}$/, 'AAAA')],
    ['with changed claims', golden.replace('eyJFbnZ', 'eyJGbnZ')],
    ['before its time', signed(head, { ...payload, nbf: now / 1000 + 3600 })],
    ['after its time', signed(head, { ...payload, exp: now / 1000 - 3600 })],
    ['without a claim', signed(head, { ...payload, Namespace: undefined })],
    ['with a claim that is an object', signed(head, { ...payload, Namespace: {} })],
    ['above 8 KiB', signed(head, { ...payload, more: 'x'.repeat(9000) })],
  ])('%s', async (_, token) => {
    expect(await verified(token)).toBeUndefined()
  })

  test('with all HMAC algorithms none of these', async () => {
    expect(await verified(signed({ alg: 'HS512', typ: 'JWT' }, payload, 'sha512'), hmacAlgorithms)).toMatchObject(
      claims,
    )
  })
})

test('a token that was valid is refused after its end, and a refused one stays refused', async () => {
  const tokens = new TokenVerifier([secret], ['HS256'])
  const expiring = await mintToken(secret, claims, { now, ms: 60_000 })
  expect(await tokens.verify(expiring, now)).toMatchObject(claims)
  expect(await tokens.verify(expiring, now + 59_000)).toMatchObject(claims)
  expect(await tokens.verify(expiring, now + 60_000)).toBeUndefined()
  const early = signed({ alg: 'HS256', typ: 'JWT' }, { ...payload, nbf: now / 1000 + 60 })
  expect(await tokens.verify(early, now)).toBeUndefined()
  expect(await tokens.verify(early, now + 60_000)).toMatchObject(claims)
})

test('a known or short secret is weak', () => {
  expect(['testsecret', 'x'.repeat(31), 'x'.repeat(32), 'ä'.repeat(16)].map(isWeakSecret)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
