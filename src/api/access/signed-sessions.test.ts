import { expect, test } from 'vitest'
import { fakeHost, startOfTime } from '../../../test/kit/fake-host.ts'
import { SignedSessions } from './signed-sessions.ts'

const tokens = [
  { name: 'ann', token: 'secret-of-ann' },
  { name: 'bob', token: 'secret-of-bob' },
]

test('another server verifies the id and its start only with the same token', async () => {
  const host = fakeHost(1)
  const id = await new SignedSessions(host, tokens).make('ann')
  expect(id).toMatch(/^[\w-]{84}$/)
  expect(await new SignedSessions(fakeHost(2), tokens.toReversed()).read(id)).toEqual({
    token: 'secret-of-ann',
    begun: startOfTime,
  })
  for (const others of [[], [{ name: 'bob', token: 'secret-of-bob' }], [{ name: 'ann', token: 'another-secret' }]])
    expect(await new SignedSessions(fakeHost(2), others).read(id)).toBeUndefined()
})

test('a modified id is rejected', async () => {
  const host = fakeHost(1)
  const signed = new SignedSessions(host, tokens)
  const bytes = Buffer.from(await signed.make('ann'), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(await signed.read(changed.toString('base64url')), `byte ${at}`).toBeUndefined()
  }
  for (const id of ['', 'x', bytes.subarray(0, 62).toString('base64url'), `${bytes.toString('base64url')}AA`])
    expect(await signed.read(id)).toBeUndefined()
})

test('an id from the future beyond the clock tolerance is rejected', async () => {
  const ahead = fakeHost(1)
  const early = await new SignedSessions(ahead, tokens).make('ann')
  await ahead.advance(59_000)
  const near = await new SignedSessions(ahead, tokens).make('ann')
  await ahead.advance(60_000)
  const far = await new SignedSessions(ahead, tokens).make('ann')
  const here = new SignedSessions(fakeHost(2), tokens)
  expect(
    [await here.read(early), await here.read(near), await here.read(far)].map((found) => found !== undefined),
  ).toEqual([true, true, false])
})
