import { expect, test } from 'vitest'
import { fakeHost } from '../../../../test/kit/fake-host.ts'
import { localPath, PendingLogins, pendingMs, type PendingLogin } from './pending.ts'

const login = (state: string, browser = 'b'): PendingLogin => ({
  state,
  nonce: 'n',
  verifier: 'v',
  browser,
  redirect: 'http://localhost/callback',
  to: '/',
})

test('a login is completed once, by the browser that began it, in time', async () => {
  const host = fakeHost(1)
  const logins = new PendingLogins(host)
  logins.add(login('one'))
  expect([
    logins.take('one', undefined),
    logins.take('one', 'other'),
    logins.take(undefined, 'b'),
    logins.take('two', 'b'),
  ]).toEqual([undefined, undefined, undefined, undefined])
  expect(logins.take('one', 'b')).toMatchObject({ state: 'one' })
  expect(logins.take('one', 'b')).toBeUndefined()
  logins.add(login('late'))
  await host.advance(pendingMs)
  expect(logins.take('late', 'b')).toBeUndefined()
})

test('abandoned logins do not accumulate', () => {
  const logins = new PendingLogins(fakeHost(1))
  for (let count = 0; count < 3000; count++) logins.add(login(`s${count}`))
  expect([logins.take('s1999', 'b'), logins.take('s2000', 'b')?.state, logins.take('s2999', 'b')?.state]).toEqual([
    undefined,
    's2000',
    's2999',
  ])
})

test('redirects only to a path of this server', () => {
  for (const path of ['/', '/flows', '/flows?filter=src.ns%20%3D%20shop&from=now-1h#x'])
    expect(localPath(path)).toBe(path)
  for (const path of [
    undefined,
    '',
    'flows',
    '//evil.example',
    '/\\evil.example',
    '/a\\b',
    'https://evil.example',
    '/a\nb',
    '/a b',
    '/ä',
  ])
    expect(localPath(path), String(path)).toBe('/')
})
