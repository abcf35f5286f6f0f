// deploy/terraform with real providers, without a cloud: schemas, mocked applies, and plans with a dummy token.
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { findTerraform } from '../terraform/render.ts'
import { ROOT, runCommand, type CommandResult } from '../../tools/kit/command.ts'
import { findProvider, mirrorOfProviders, providers } from './install/terraform-providers.ts'
import { prometheus } from './install/prometheus.ts'
import { need } from './kit/need.ts'
import { startOtcPlanServer } from './kit/otc-plan-server.ts'

const installed = await findTerraform()
const limit = 900_000
let folder = ''

beforeAll(async () => {
  if (installed === undefined) return
  folder = await mkdtemp(join(tmpdir(), 'weir-terraform-'))
  for (const name of ['terraform', 'grafana', 'helm'])
    if (existsSync(join(ROOT, 'deploy', name)))
      await cp(join(ROOT, 'deploy', name), join(folder, 'deploy', name), { recursive: true })
  await writeFile(join(folder, 'terraform.rc'), '')
  const { stdout } = await terraform('modules/cluster-doks', ['providers'])
  const [, host = ''] = /provider\[([^/\]]+)\//.exec(stdout) ?? []
  const mirror = await mirrorOfProviders(join(folder, 'mirror'), host)
  await writeFile(
    join(folder, 'terraform.rc'),
    `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
  )
}, limit)
afterAll(() => (folder === '' ? undefined : rm(folder, { recursive: true, force: true })))

function terraform(path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCommand('terraform', args, {
    cwd: join(folder, 'deploy/terraform', path),
    limit,
    env: {
      TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc'),
      CHECKPOINT_DISABLE: '1',
      TF_IN_AUTOMATION: '1',
      TF_CLI_ARGS: '-no-color',
      // Plans reach no cloud.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '',
      ...env,
    },
  })
}

function needed(context: TestContext, ...names: readonly string[]): void {
  if (installed === undefined) context.skip('there is no terraform on the PATH')
  for (const name of names) {
    const found = findProvider(providers.find((provider) => provider.name === name)!)
    if (found.path === undefined) context.skip(found.reason)
  }
}

async function passes(path: string, ...args: readonly string[]): Promise<CommandResult> {
  const ran = await terraform(path, args)
  // A mirror has the hashes of one platform only, of which init warns.
  if (args[0] !== 'init') expect(ran.output).not.toMatch(/^│? ?(?:Error|Warning):/m)
  expect(ran.code, ran.output).toBe(0)
  return ran
}

const roots = [
  ['modules/cluster-doks', 'digitalocean'],
  ['modules/cluster-sks', 'exoscale'],
  ['modules/cluster-cce', 'opentelekomcloud'],
  ['modules/stack', 'helm', 'kubernetes'],
] as const

describe('terraform providers', { timeout: limit }, () => {
  test.for(roots)('%s is valid, and its tests pass with mocked providers', async ([path, ...names], context) => {
    needed(context, ...names)
    await passes(path, 'init')
    await passes(path, 'validate')
    expect((await passes(path, 'test')).stdout).toMatch(/Success! \d+ passed, 0 failed\./)
  })

  test.for(['examples/small', 'examples/full'])('%s is valid', async (path, context) => {
    needed(context, 'helm', 'kubernetes')
    await passes(path, 'init')
    expect((await passes(path, 'validate')).stdout).toContain('The configuration is valid')
  })

  test('clusters/doks plans one inline pool and one that scales from 1 to 3, with a dummy token', async (context) => {
    needed(context, 'digitalocean')
    const env = { DIGITALOCEAN_TOKEN: 'dop_v1_dummy', TF_VAR_kubernetes_version: '1.36.1-do.0' }
    await passes('clusters/doks', 'init')
    const planned = await terraform('clusters/doks', ['plan', '-out=plan'], env)
    expect(planned.code, planned.output).toBe(0)
    const { stdout } = await terraform('clusters/doks', ['show', '-json', 'plan'], env)
    const { resource_changes: changes } = JSON.parse(stdout) as {
      resource_changes: { type: string; change: { after: Record<string, unknown> } }[]
    }
    const after = (type: string): Record<string, unknown>[] =>
      changes.filter((each) => each.type === type).map(({ change }) => change.after)
    expect(after('digitalocean_vpc')).toHaveLength(1)
    expect(after('digitalocean_kubernetes_cluster').map((each) => each['node_pool'])).toEqual([
      [expect.objectContaining({ name: 'weir-fixed', node_count: 1 })],
    ])
    expect(after('digitalocean_kubernetes_node_pool')).toEqual([
      expect.objectContaining({ name: 'weir-burst', auto_scale: true, min_nodes: 1, max_nodes: 3 }),
    ])
    expect(planned.output + stdout).not.toContain('dop_v1_dummy')
  })

  test('clusters/sks plans both pools, with a dummy key', async (context) => {
    needed(context, 'exoscale')
    const env = {
      EXOSCALE_API_KEY: 'EXO00000000000000000000000',
      EXOSCALE_API_SECRET: 'dummy-secret-of-exoscale',
      TF_VAR_kubernetes_version: '1.36.1',
    }
    await passes('clusters/sks', 'init')
    const planned = await terraform('clusters/sks', ['plan'], env)
    expect(planned.code, planned.output).toBe(0)
    expect(planned.output).toContain('Plan: 4 to add')
    expect(planned.output).not.toContain('dummy-secret-of-exoscale')
  })

  test('clusters/cce plans both pools, with a dummy token', async (context) => {
    needed(context, 'opentelekomcloud')
    await passes('clusters/cce', 'init')
    expect((await passes('clusters/cce', 'validate')).stdout).toContain('The configuration is valid')
    // The provider verifies tokens and types of volumes also for a plan.
    const cloud = await startOtcPlanServer()
    try {
      const provider = { auth_url: cloud.url, token: 'dummy-token-of-otc', tenant_name: 'eu-de' }
      await writeFile(
        join(folder, 'deploy/terraform/clusters/cce/plan_override.tf.json'),
        JSON.stringify({ provider: { opentelekomcloud: provider } }),
      )
      const env = { TF_VAR_kubernetes_version: 'v1.31', TF_VAR_key_pair: 'ops' }
      const planned = await terraform('clusters/cce', ['plan'], env)
      expect(planned.code, planned.output).toBe(0)
      expect(planned.output).toContain('Plan: 5 to add')
      expect(planned.output).not.toContain('dummy-token-of-otc')
      expect(new Set(cloud.tokens)).toEqual(new Set(['dummy-token-of-otc']))
    } finally {
      await cloud.close()
    }
  })

  test('the fixture of faults does not validate: a second pool, and blocks of provider helm 2', async (context) => {
    needed(context, 'digitalocean', 'helm', 'kubernetes')
    const path = '../../defects'
    await cp(join(ROOT, 'deploy/terraform/lint/fixtures/defects'), join(folder, 'defects'), { recursive: true })
    await passes(path, 'init')
    const { output, code } = await terraform(path, ['validate'])
    expect(code).toBe(1)
    expect(output).toMatch(/No more than 1 "node_pool" blocks are allowed/)
    expect(output).toMatch(/Blocks of type "kubernetes" are not expected here/)
  })
})

describe('promtool', () => {
  const promtool = async (context: TestContext, ...args: readonly string[]): Promise<CommandResult> => {
    const path = await need(context, prometheus)
    return runCommand(path.replace(/prometheus$/, 'promtool'), args, { limit, cwd: join(ROOT, 'deploy/terraform') })
  }

  test('accepts the shipped rules, and their unit tests pass', async (context) => {
    const checked = await promtool(context, 'check', 'rules', 'rules.yaml', '../grafana/rules.yaml')
    expect([checked.code, checked.output.match(/SUCCESS/g)]).toEqual([0, ['SUCCESS', 'SUCCESS']])
    const tested = await promtool(context, 'test', 'rules', 'rules.test.yaml')
    expect(tested.output).toContain('SUCCESS')
    expect(tested.code).toBe(0)
  })

  test('rejects a broken expression', async (context) => {
    const own = await mkdtemp(join(tmpdir(), 'weir-rules-'))
    const file = join(own, 'broken.yaml')
    await writeFile(file, 'groups: [{name: a, rules: [{alert: A, expr: "sum by (pod (up) > 0"}]}]\n')
    expect((await promtool(context, 'check', 'rules', file)).code).not.toBe(0)
    await rm(own, { recursive: true })
  })
})
