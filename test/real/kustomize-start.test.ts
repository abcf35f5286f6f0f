// The containers of deploy/kustomize/weir, as processes.
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { selfSigned } from '../kit/certificate.ts'
import { findKubectl } from './install/kubectl.ts'
import { ofKind, workloadsOf, type Manifest } from './kit/chart.ts'
import { podsMissing, startPod, type RunningPod } from './kit/pod.ts'

beforeEach(async (context) => {
  const kubectl = await findKubectl()
  if (kubectl.path === undefined) context.skip(kubectl.reason)
})

async function built(overlay: string): Promise<Manifest[]> {
  const ran = await runCommand('kubectl', ['kustomize', join(ROOT, 'deploy/kustomize', overlay)], { limit: 60_000 })
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  return parseAllDocuments(ran.stdout).map((document) => document.toJS() as Manifest)
}

const credentials = {
  AUDIT_TOKEN: 'a-token-of-more-than-eight-characters',
  EXOSCALE_API_KEY: 'EXO000000000000000000000000',
  EXOSCALE_API_SECRET: 'a-secret-of-more-than-thirty-two-characters',
}
const clouds = `clouds:
  otc:
    profile: otc
    auth: {auth_url: "https://iam.eu-de.otc.t-systems.com:443/v3", project_name: eu-de, ak: key, sk: secret}
`

async function pod(context: TestContext, name: string, change?: (args: readonly string[]) => readonly string[]) {
  const reason = await podsMissing()
  if (reason !== undefined) return context.skip(reason)
  const all = await built(`weir/overlays/${name}`)
  const { containers, volumes } = workloadsOf(all)[0]!.spec.template.spec
  const { cert, key } = selfSigned()
  const running: RunningPod = startPod(
    {
      container: containers[0]!,
      volumes,
      name: 'weir-0',
      configMaps: Object.fromEntries(ofKind(all, 'ConfigMap').map(({ metadata, data }) => [metadata.name, data ?? {}])),
      secrets: {
        'weir-credentials': credentials,
        'weir-clouds': { 'clouds.yaml': clouds },
        'weir-tls': { 'tls.crt': cert, 'tls.key': key },
      },
    },
    change?.(containers[0]!.args),
  )
  onTestFinished(async () => void (await running.stop()))
  return { running, container: containers[0]! }
}

describe('deploy/kustomize/weir', () => {
  test.for(['flows', 'exoscale-exporter', 'flows-to-clickhouse'])(
    '%s has a command line and variables with which its preset starts',
    async (name, context) => {
      const { running } = await pod(context, name, (args) => [...args, '--print-config'])
      expect([await running.ended(), running.log().includes('sources:')]).toEqual([0, true])
      expect(running.log()).not.toContain(credentials.EXOSCALE_API_SECRET)
    },
  )

  test('audit passes its probes, and writes to its volumes only', async (context) => {
    const { running, container } = await pod(context, 'audit')
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
      expect(await running.passes(probe)).toBe(200)
    expect(running.log()).not.toMatch(/EROFS|EACCES|EPERM/)
    expect(await running.stop()).toBe(0)
  })
})
