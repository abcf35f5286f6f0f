import { expect, test } from 'vitest'
import { fakeHost, startOfTime } from '../../../test/kit/fake-host.ts'
import { principal, type Principal } from './principal.ts'
import { defaultSessionLimits, Sessions, type Proof } from './sessions.ts'

const minute = 60_000
const someone = (name: string, more: Partial<Principal> = {}): Principal => ({
  ...principal(
    { id: `token:${name}`, name, login: 'token' },
    { role: 'viewer', namespaces: undefined, peers: 'hidden' },
  ),
  ...more,
})

function sessionsOf(limits: Partial<typeof defaultSessionLimits> = {}): {
  host: ReturnType<typeof fakeHost>
  sessions: Sessions
} {
  const host = fakeHost(1)
  return { host, sessions: new Sessions(host, { ...defaultSessionLimits, ageMs: 60 * minute, ...limits }) }
}

test('a session is found by its id until its maximum age, and then signals its end', async () => {
  const { host, sessions } = sessionsOf()
  const id = sessions.begin({ principal: someone('a') })
  expect(id).toMatch(/^[\w-]{43}$/)
  const session = await sessions.use(id)
  expect([session?.proof.principal.name, session?.ended.aborted]).toEqual(['a', false])
  expect(await sessions.use(`${id.slice(0, -1)}_`)).toBeUndefined()
  await host.advance(59 * minute)
  expect(await sessions.use(id)).toBeDefined()
  await host.advance(minute + 1000)
  expect([session?.ended.aborted, sessions.count, host.timersPending]).toEqual([true, 0, 0])
  expect(await sessions.use(id)).toBeUndefined()
})

test('a finished session is removed at once', async () => {
  const { sessions } = sessionsOf()
  const id = sessions.begin({ principal: someone('a'), logoutUrl: 'https://id.example/end' })
  const session = await sessions.use(id)
  expect(sessions.finish(id)?.logoutUrl).toBe('https://id.example/end')
  expect([session?.ended.aborted, await sessions.use(id), sessions.finish(id)]).toEqual([true, undefined, undefined])
})

test('a session ends with its proof', async () => {
  const { host, sessions } = sessionsOf()
  const id = sessions.begin({ principal: someone('a'), until: startOfTime + 5 * minute })
  await host.advance(5 * minute - 1500)
  expect(await sessions.use(id)).toBeDefined()
  await host.advance(2500)
  expect([await sessions.use(id), sessions.count]).toEqual([undefined, 0])
})

test('a renewable proof is renewed once for concurrent requests, on use or while a stream is open', async () => {
  const { host, sessions } = sessionsOf()
  let renewed = 0
  const proof = (until: number): Proof => ({
    principal: someone('a'),
    until,
    renew: async () => {
      renewed += 1
      return proof(until + 5 * minute)
    },
  })
  const id = sessions.begin(proof(startOfTime + 5 * minute))
  await host.advance(20 * minute)
  expect([renewed, sessions.count]).toEqual([0, 1])
  const found = await Promise.all([sessions.use(id), sessions.use(id), sessions.use(id)])
  expect([renewed, found.filter((one) => one !== undefined).length]).toEqual([1, 3])
  await sessions.use(id)
  await sessions.use(id)
  const release = sessions.hold(id)
  const before = renewed
  await host.advance(11 * minute)
  expect(renewed).toBeGreaterThan(before)
  release()
  release()
  const after = renewed
  await host.advance(11 * minute)
  expect(renewed).toBe(after)
})

test('no proof is renewed beyond the maximum age of the session', async () => {
  const { host, sessions } = sessionsOf()
  const id = sessions.begin({
    principal: someone('a'),
    until: startOfTime + minute,
    renew: async () => ({ principal: someone('a') }),
  })
  await host.advance(30 * minute)
  expect(await sessions.use(id)).toBeDefined()
  await host.advance(31 * minute)
  expect(await sessions.use(id)).toBeUndefined()
})

test('a failed renewal ends the session; changed permissions end its open streams', async () => {
  const { host, sessions } = sessionsOf()
  const refused = [async () => undefined, async () => Promise.reject(new Error('the provider is unreachable'))]
  for (const renew of refused) {
    const id = sessions.begin({ principal: someone('a'), until: host.clock.now() + minute, renew })
    const session = await sessions.use(id)
    await host.advance(2 * minute)
    expect([await sessions.use(id), session?.ended.aborted]).toEqual([undefined, true])
  }
  const id = sessions.begin({
    principal: someone('a'),
    until: host.clock.now() + minute,
    renew: async () => ({ principal: someone('a', { namespaces: ['shop'] }) }),
  })
  const before = await sessions.use(id)
  await host.advance(2 * minute)
  const after = await sessions.use(id)
  expect([before?.ended.aborted, after?.ended.aborted, after?.proof.principal.namespaces]).toEqual([
    true,
    false,
    ['shop'],
  ])
})

test('a session that is finished during a renewal stays finished', async () => {
  const { host, sessions } = sessionsOf()
  let answer: (proof: Proof) => void = () => {}
  const id = sessions.begin({
    principal: someone('a'),
    until: startOfTime + minute,
    renew: () => new Promise((resolve) => (answer = resolve)),
  })
  await host.advance(2 * minute)
  const used = sessions.use(id)
  sessions.finish(id)
  answer({ principal: someone('a') })
  expect([await used, await sessions.use(id)]).toEqual([undefined, undefined])
})

test('sessions are bounded per user and in all: the least recently used is evicted', async () => {
  const { host, sessions } = sessionsOf({ max: 4, maxPerPrincipal: 2 })
  const ids: string[] = []
  for (const name of ['a', 'a', 'a', 'b', 'c', 'd']) {
    ids.push(sessions.begin({ principal: someone(name) }))
    await host.advance(1000)
    if (ids[0] !== undefined) await sessions.use(ids[0])
  }
  const alive = await Promise.all(ids.map(async (id) => (await sessions.use(id)) !== undefined))
  expect(alive).toEqual([true, false, false, true, true, true])
  expect(sessions.count).toBe(4)
})
