// The development container's script under ShellCheck, and its objects on a real API server.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { findKubectl } from './install/kubectl.ts'
import { kubernetes } from './install/kubernetes.ts'
import { installShellcheck } from './install/shellcheck.ts'
import { chart, helmOf } from './kit/chart.ts'
import { useKube } from './kit/kube-stage.ts'

const folder = join(ROOT, '.devcontainer')
const stage = useKube('weir-devcontainer')

test('ShellCheck has no complaint', async (context) => {
  const found = await installShellcheck()
  if (found.path === undefined) return context.skip(found.reason)
  const ran = await runCommand(
    found.path,
    ['--enable=all', '--exclude=SC2250,SC2310,SC2312', join(folder, 'cluster.sh')],
    {
      limit: 60_000,
    },
  )
  expect([ran.code, ran.output]).toEqual([0, ''])
})

test('the API server accepts Neo4j, with a restricted pod', async (context) => {
  const kubectl = await findKubectl()
  if (kubectl.path === undefined) return context.skip(kubectl.reason)
  await stage.kube.call('POST', '/api/v1/namespaces', {
    metadata: { name: 'n4j', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  })
  const ran = await runCommand(
    'kubectl',
    ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--filename', join(folder, 'neo4j.yaml')],
    { limit: 120_000, env: { KUBECONFIG: stage.kubeconfig } },
  )
  expect([ran.code, ran.stderr]).toEqual([0, ''])
})

test('the chart accepts the values of the helmfile', async (context) => {
  const { releases } = parse(await readFile(join(folder, 'helmfile.yaml'), 'utf8')) as {
    readonly releases: readonly { readonly values: readonly object[] }[]
  }
  const file = join(stage.dir, 'values.yaml')
  await writeFile(file, stringify(releases[0]?.values[0]))
  const args = ['template', 'weir', chart, '--kube-version', kubernetes.version, '--values', file]
  const ran = await runCommand(helmOf(context), args, { limit: 120_000 })
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(ran.stdout).toContain('image: localhost:5001/weir:0.1.0')
})
