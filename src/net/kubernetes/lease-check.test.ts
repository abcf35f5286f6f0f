import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { kubeconfigOf } from '../../../test/kit/kubeconfig.ts'
import { LeaseServer } from '../../../test/kit/lease-server.ts'
import { realHost } from '../../host/index.ts'
import { checkLease } from './lease-check.ts'

test('access reviews show whether the Lease is usable and which permissions are missing', async () => {
  const server = await new LeaseServer().start()
  const folder = await mkdtemp(join(tmpdir(), 'weir-lease-check-'))
  onTestFinished(async () => {
    await Promise.all([server.stop(), rm(folder, { recursive: true, force: true })])
  })
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(server.url))
  const check = () =>
    checkLease(
      { name: 'cts', namespace: 'weir', kubeconfig, duration: 10_000 },
      { host: realHost() },
      new AbortController().signal,
    )
  expect(await check()).toEqual([{ is: 'ok', message: 'Lease weir/cts: read and write access' }])
  server.refused.add('update')
  expect(await check()).toEqual([
    {
      is: 'fail',
      message:
        'Lease weir/cts: the account lacks update; grant `get`, `create` and `update` on ' +
        'leases.coordination.k8s.io there',
    },
  ])
  expect(server.leases.size).toBe(0)
  await server.stop()
  expect(await check()).toEqual([{ is: 'fail', message: expect.stringContaining('ECONNREFUSED') as string }])
  expect(await checkLease(null, { host: realHost() }, new AbortController().signal)).toEqual([])
})
