import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { kubeconfigOf } from '../../../test/kit/kubeconfig.ts'
import { LeaseServer } from '../../../test/kit/lease-server.ts'
import { realHost } from '../../host/index.ts'
import { lookAtLease } from './turn-look.ts'

test('whether the Lease is ours to take is asked for, and what right is lacking is said', async () => {
  const server = await new LeaseServer().start()
  const folder = await mkdtemp(join(tmpdir(), 'weir-lease-look-'))
  onTestFinished(async () => {
    await Promise.all([server.stop(), rm(folder, { recursive: true, force: true })])
  })
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(server.url))
  const look = () =>
    lookAtLease(
      { name: 'cts', namespace: 'weir', kubeconfig, duration: 10_000 },
      { host: realHost() },
      new AbortController().signal,
    )
  expect(await look()).toEqual([{ is: 'ok', message: 'Lease weir/cts may be read and written by us' }])
  server.refused.add('update')
  expect(await look()).toEqual([
    {
      is: 'fail',
      message:
        'Lease weir/cts: our account may not update it; give it `get`, `create` and `update` of ' +
        'leases.coordination.k8s.io there',
    },
  ])
  expect(server.leases.size).toBe(0)
  await server.stop()
  expect(await look()).toEqual([{ is: 'fail', message: expect.stringContaining('ECONNREFUSED') as string }])
  expect(await lookAtLease(null, { host: realHost() }, new AbortController().signal)).toEqual([])
})
