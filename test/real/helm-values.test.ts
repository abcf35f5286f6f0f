// The values of the chart of deploy/helm: accepted and rejected ones.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from '../../tools/kit/command.ts'
import { installHelm } from './install/helm.ts'
import { chart, helmOf, ofKind, rendered, valueSets, type ValueSet } from './kit/chart.ts'

let folder = ''
let missing: string | undefined
beforeAll(async () => {
  const helm = await installHelm()
  missing = helm.path === undefined ? helm.reason : undefined
  folder = await mkdtemp(join(tmpdir(), 'weir-helm-values-'))
}, 1_800_000)
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

test('lint accepts the chart, and there are 12 sets of values', async (context) => {
  expect(valueSets.length).toBeGreaterThanOrEqual(12)
  const ran = await runCommand(helmOf(context), ['lint', '--strict', chart], { limit: 120_000 })
  expect([ran.code, ran.output.includes('0 chart(s) failed')]).toEqual([0, true])
})

test('the metric for scaling is one that Weir exposes', async (context) => {
  const known = await readFile(join(chart, '../../../docs/reference/metrics.md'), 'utf8')
  const sets = valueSets.filter(({ values }) => values.mode === 'split')
  for (const set of sets) {
    const [scaler] = ofKind(await rendered(context, set), 'HorizontalPodAutoscaler')
    const name = /"name":"(weir_\w+)"/.exec(JSON.stringify(scaler?.spec))?.[1]
    expect(known).toContain(`\`${name}\``)
  }
})

async function setOf(name: string, values: ValueSet['values']): Promise<ValueSet> {
  const file = join(await mkdtemp(join(folder, 'values-')), 'values.json')
  await writeFile(file, JSON.stringify(values))
  return { name, file, values }
}

test('sources and sinks of packages are accepted', async (context) => {
  const config = { connectors: ['@example/acme'], sources: { acme: { every: '5s' } }, sinks: { out: { type: 'acme' } } }
  expect(ofKind(await rendered(context, await setOf('packages', { config })), 'StatefulSet')).toHaveLength(1)
})

test('split workloads drain, unless the configuration has another time', async (context) => {
  const [set = expect.fail()] = valueSets.filter(({ values }) => values.mode === 'split')
  const drainOf = async (config: object): Promise<unknown> => {
    const values = { ...set.values, config: { ...set.values.config, ...config } }
    const [map] = ofKind(await rendered(context, await setOf(JSON.stringify(config), values)), 'ConfigMap')
    return /^drain: (.*)$/m.exec(map?.data?.['weir.yaml'] ?? '')?.[1]
  }
  expect([await drainOf({}), await drainOf({ drain: '9s' })]).toEqual(['5s', '9s'])
})

describe('values that are rejected', () => {
  const refusals: readonly (readonly [name: string, values: object, message: RegExp])[] = [
    ['an unknown value', { relicas: 2 }, /'relicas' not allowed/],
    ['an unknown setting of Weir', { config: { stores: {} } }, /'stores' not allowed/],
    ['a setting that the chart writes', { config: { data: '/var' } }, /'data' not allowed/],
    ['a wrong type in a source', { config: { sources: { sflow: { listen: 6343 } } } }, /config\/sources\/sflow/],
    ['a secret as a value', { config: { auth: { tokens: [{ name: 'a', token: 'plain-text' }] } } }, /pattern/],
    ['a variable without a Secret', { config: { auth: { tokens: [{ name: 'a', token: 'env:A' }] } } }, /secrets.env/],
    [
      'a file without a Secret',
      { config: { auth: { tokens: [{ name: 'a', token: 'file:/etc/weir-secrets/a/b' }] } } },
      /secrets.files has no a/,
    ],
    ['two writers of one folder', { all: { replicas: 2 } }, /one writer/],
    ['a split without a bus', { mode: 'split' }, /config.journal.on.type/],
    ['agents without a receiver', { netobservAgent: { enabled: true } }, /source of type netobserv/],
    ['scaling in one workload', { autoscaling: { enabled: true } }, /mode split/],
    [
      'a kind that is unknown',
      { config: { sources: { kubernetes: { cluster: 'a', include: ['Widget'] } } } },
      /plural.group/,
    ],
  ]
  test.for(refusals)('%s', async ([, values, message], context) => {
    const { file } = await setOf('rejected', values)
    const args = ['template', 'weir', chart, '--kube-version', '1.34.4', '--values', file]
    const ran = await runCommand(helmOf(context), args, { limit: 120_000 })
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toMatch(message)
  })
})
