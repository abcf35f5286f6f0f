import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testContext } from '../../../../test/conformance/batches.ts'
import { kubeconfigOf } from '../../../../test/kit/kubeconfig.ts'
import { ScriptedApiServer } from '../../../../test/kit/scripted-api-server.ts'
import { configFrom } from '../../../schema/index.ts'
import { probeInsights } from './probe.ts'
import { insightsSchema } from '../config.ts'

test('the probe lists what the settings need, and names what may not be listed', async () => {
  const cluster = await ScriptedApiServer.start((response, _query, { url = '' }) => {
    const isRefused = url.includes('/secrets')
    response.writeHead(isRefused ? 403 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isRefused ? { kind: 'Status', code: 403, message: 'no right' } : { items: [] }))
  })
  const folder = await mkdtemp(join(tmpdir(), 'weir-probe-'))
  onTestFinished(async () => {
    await cluster.close()
    await rm(folder, { recursive: true, force: true })
  })
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(cluster.url), { mode: 0o600 })
  const probe = (settings: object): ReturnType<typeof probeInsights> =>
    probeInsights(
      configFrom(insightsSchema, { kubeconfig, token_secret: 'env:X', ...settings } as never),
      testContext(),
      AbortSignal.timeout(20_000),
    )
  expect(await probe({ tokens: false })).toEqual({ is: 'ok', message: 'ConfigMaps can be listed' })
  expect(cluster.received.map(({ path, query }) => [path, query.get('labelSelector')])).toEqual([
    ['/api/v1/configmaps', 'lagoon.sh/insightsType'],
  ])
  expect(await probe({ tokens: true })).toEqual({
    is: 'fail',
    message: 'Secrets with tokens cannot be listed: status 403: no right',
  })
})
