import { expect, onTestFinished, test } from 'vitest'
import { LeaseServer } from '../../../test/kit/lease-server.ts'
import { openClient } from './client.ts'
import { realHost } from '../../host/index.ts'
import { leaseLeaderRecord, type LeaseLeaderRecord, type LeaderLeaseOptions } from './leader-lease.ts'

const never = new AbortController().signal
const { timers, random } = realHost()
const clock = { now: () => Date.parse('2026-11-22T10:00:00Z'), monotonic: () => 0 }

function recordAt(server: LeaseServer, options: Partial<LeaderLeaseOptions>): LeaseLeaderRecord {
  const client = openClient({ url: server.url })
  onTestFinished(() => {
    client.close()
  })
  return leaseLeaderRecord(
    client,
    { namespace: 'weir', name: 'cts' },
    { source: 'cts', name: 'one', host: { clock, timers, random }, durationMs: 15_000, ...options },
  )
}

test('of two writes over one version the second is a conflict', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const recordOf = (name: string): LeaseLeaderRecord => recordAt(server, { name })
  const [one, two] = [recordOf('one'), recordOf('two')]
  expect([await one.read(never), await two.read(never)]).toEqual([undefined, undefined])
  const first = await one.write(undefined, { holder: 'one 1', state: { places: { a: 1 } } }, never)
  expect(first).toBeDefined()
  expect(await two.write(undefined, { holder: 'two 1' }, never)).toBeUndefined()
  expect(await two.read(never)).toEqual({ version: first, value: { holder: 'one 1', state: { places: { a: 1 } } } })
  const second = await two.write(first, { holder: 'two 1' }, never)
  expect(second).toBeDefined()
  // Stale.
  expect(await one.write(first, { holder: 'one 1' }, never)).toBeUndefined()
  expect(server.leases.get('weir/cts')?.spec).toMatchObject({
    holderIdentity: 'two 1',
    leaseTransitions: 2,
    leaseDurationSeconds: 15,
    acquireTime: '2026-11-22T10:00:00.000000Z',
  })
})

test('a Lease of another source is rejected; without a checkpoint it still has its holder', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const one = recordAt(server, {})
  await one.read(never)
  await one.write(undefined, { holder: 'one 1', state: { places: {} } }, never)
  await expect(recordAt(server, { source: 'exo' }).read(never)).rejects.toThrow(
    'the Lease belongs to source cts; set another name',
  )
  const lease = server.leases.get('weir/cts')
  if (lease === undefined) throw new Error('there is no Lease')
  const annotated = (checkpoint: string | undefined): void =>
    void server.leases.set('weir/cts', {
      ...lease,
      metadata: { ...lease.metadata, annotations: checkpoint === undefined ? {} : { 'weir/checkpoint': checkpoint } },
    })
  annotated('{"apps/deployments":"17"}')
  await expect(one.read(never)).rejects.toThrow('another type of source')
  annotated(undefined)
  expect((await recordAt(server, {}).read(never))?.value).toEqual({ holder: 'one 1' })
})

test('a request without a response fails after a fifth of the lease duration', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const record = recordAt(server, { durationMs: 1000 })
  server.isSilent = true
  await expect(record.read(never)).rejects.toThrow('the server does not respond')
  server.isSilent = false
  expect(await record.read(never)).toBeUndefined()
})

test('a checkpoint that does not fit is not written', async () => {
  const server = await new LeaseServer().start()
  onTestFinished(() => server.stop())
  const record = recordAt(server, {})
  await record.read(never)
  const places = Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`project-of-some-customer/${at}`, at]))
  await expect(record.write(undefined, { holder: 'one 1', state: { places } }, never)).rejects.toThrow(
    'the checkpoint does not fit into a Lease',
  )
  expect(server.leases.size).toBe(0)
})
