import { expect, onTestFinished, test } from 'vitest'
import { LeaseServer } from '../../../test/kit/lease-server.ts'
import { openClient } from './client.ts'
import { realHost } from '../../host/index.ts'
import { leaseTurn, type LeaseTurn, type LeaseTurnOptions } from './turn.ts'

const never = new AbortController().signal
const { timers, random } = realHost()
const clock = { now: () => Date.parse('2026-11-22T10:00:00Z'), monotonic: () => 0 }

function turnAt(server: LeaseServer, options: Partial<LeaseTurnOptions>): LeaseTurn {
  const client = openClient({ url: server.url })
  onTestFinished(() => {
    client.close()
  })
  return leaseTurn(
    client,
    { namespace: 'weir', name: 'cts' },
    { of: 'cts', name: 'one', host: { clock, timers, random }, durationMs: 15_000, ...options },
  )
}

test('of two who write over the same version one is refused; whose turn it is and what it knows are in the Lease, for people and for the next', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const turn = (name: string): LeaseTurn => turnAt(server, { name })
  const [one, two] = [turn('one'), turn('two')]
  expect([await one.read(never), await two.read(never)]).toEqual([undefined, undefined])
  const first = await one.write(undefined, { holder: 'one 1', state: { places: { a: 1 } } }, never)
  expect(first).toBeDefined()
  expect(await two.write(undefined, { holder: 'two 1' }, never)).toBeUndefined()
  expect(await two.read(never)).toEqual({ version: first, value: { holder: 'one 1', state: { places: { a: 1 } } } })
  const second = await two.write(first, { holder: 'two 1' }, never)
  expect(second).toBeDefined()
  // It does not know the version that is there now.
  expect(await one.write(first, { holder: 'one 1' }, never)).toBeUndefined()
  expect(server.leases.get('weir/cts')?.spec).toMatchObject({
    holderIdentity: 'two 1',
    leaseTransitions: 2,
    leaseDurationSeconds: 15,
    acquireTime: '2026-11-22T10:00:00.000000Z',
  })
})

test('a Lease of another source is not touched, and that is said; one whose state somebody has removed is still its holder’s', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const one = turnAt(server, {})
  await one.read(never)
  await one.write(undefined, { holder: 'one 1', state: { places: {} } }, never)
  await expect(turnAt(server, { of: 'exo' }).read(never)).rejects.toThrow(
    'the Lease is that of source cts: name another one',
  )
  const lease = server.leases.get('weir/cts')
  if (lease === undefined) throw new Error('there is no Lease')
  const annotated = (told: string | undefined): void =>
    void server.leases.set('weir/cts', {
      ...lease,
      metadata: { ...lease.metadata, annotations: told === undefined ? {} : { 'weir/told': told } },
    })
  annotated('{"apps/deployments":"17"}')
  await expect(one.read(never)).rejects.toThrow('another kind of source')
  annotated(undefined)
  expect((await turnAt(server, {}).read(never))?.value).toEqual({ holder: 'one 1' })
})

test('a server that does not answer is given up after a fifth of the duration', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const turn = turnAt(server, { durationMs: 50 })
  server.isSilent = true
  await expect(turn.read(never)).rejects.toThrow('the server does not answer')
  server.isSilent = false
  expect(await turn.read(never)).toBeUndefined()
})

test('what does not fit is not written, rather than without what the next one needs', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const turn = turnAt(server, {})
  await turn.read(never)
  const places = Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`project-of-some-customer/${at}`, at]))
  await expect(turn.write(undefined, { holder: 'one 1', state: { places } }, never)).rejects.toThrow(
    'what is known does not fit into a Lease',
  )
  expect(server.leases.size).toBe(0)
})
