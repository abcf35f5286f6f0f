// The overlays of deploy/kustomize on a real API server.
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { findKubectl } from './install/kubectl.ts'
import type { Manifest } from './kit/chart.ts'
import { useKube } from './kit/kube-stage.ts'

const stage = useKube('weir-kustomize')
const deploy = join(ROOT, 'deploy/kustomize')
const names = async (folder: string): Promise<string[]> => (await readdir(join(deploy, folder))).toSorted()
const overlays: readonly string[] = (
  await Promise.all(
    (await names('.')).map(async (system) =>
      (await names(`${system}/overlays`)).map((overlay) => `${system}/overlays/${overlay}`),
    ),
  )
).flat()

beforeAll(async () => {
  if (stage.dir === '') return
  for (const name of ['weir', 'kollect', 'lagoon'])
    await stage.kube.call('POST', '/api/v1/namespaces', {
      metadata: { name, labels: { 'pod-security.kubernetes.io/warn': 'restricted' } },
    })
}, 180_000)

beforeEach(async (context) => {
  const kubectl = await findKubectl()
  if (kubectl.path === undefined) context.skip(kubectl.reason)
})

const kubectl = (...args: readonly string[]) =>
  runCommand('kubectl', args, { limit: 300_000, env: { KUBECONFIG: stage.kubeconfig } })

async function built(overlay: string): Promise<Manifest[]> {
  const ran = await kubectl('kustomize', join(deploy, overlay))
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  return parseAllDocuments(ran.stdout).map((document) => document.toJS() as Manifest)
}

test('there are overlays of each preset', () => {
  expect(overlays.length).toBeGreaterThanOrEqual(10)
})

test.for(overlays)('the API server accepts %s, with each field known and restricted pods', async (overlay) => {
  const file = join(await mkdtemp(join(stage.dir, 'built-')), 'all.json')
  // The namespace exists, with a label that turns violations into warnings.
  const items = (await built(overlay)).filter(({ kind }) => kind !== 'Namespace')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const ran = await kubectl('apply', '--dry-run=server', '--validate=strict', '--filename', file)
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(ran.stdout.trim().split('\n')).toHaveLength(items.length)
})
