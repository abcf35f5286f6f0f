import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { compile, TreeInterpreter, type JSONValue } from '@jmespath-community/jmespath'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadDocument } from '../../src/app/load-config.ts'
import { parseYaml } from '../../src/schema/index.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { stackOfRendered } from '../../deploy/terraform/lint/from-render.ts'
import { lintStack } from '../../deploy/terraform/lint/lint.ts'
import { findTerraform, render, RenderError, terraform, type RenderOutputs } from './render.ts'

const installed = await findTerraform()
const folders: string[] = []

/** A folder with files. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-stack-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

const small = {
  domain: 'example.org',
  ingress: { tls_secret: 'stack-tls' },
  oidc: {
    realm_url: 'https://login.example.org/realms/ops',
    client_secret: { name: 'grafana-oidc', key: 'client_secret' },
  },
  grafana: { admin_secret: 'grafana-admin' },
  weir: { token: { name: 'weir-auth', key: 'viewer' } },
}

const shop =
  `{"uid":"shop","title":"Shop <&> \${datasource} \${__field.name} $\${x} %{if}",` + `"q":"rate(a[$__interval])"}\r\n`
const exported = JSON.stringify({
  uid: 'exported',
  __inputs: [{ name: 'DS_PROM' }, { name: 'DS_LOGS' }],
  panels: [
    { datasource: { type: 'prometheus', uid: '${DS_PROM}' }, title: '${other} of ${DS_PROM}' },
    { datasource: { type: 'loki', uid: '${DS_LOGS}' } },
  ],
})
const alerts = `groups:
- rules:
  - uid: slow
    labels: {team: '{{ $labels.team }}'}
    annotations: {summary: '{{ $labels.pod }} is slow: {{ $values.A.Value }} {{ $value }}'}
    data: [{refId: A, datasourceUid: stack-prom}]
`
const large = (uid: string): string => JSON.stringify({ uid, title: 'ä'.repeat(200 * 1024) })
const rest = { 'a.json': large('a'), 'b.json': large('b') }

/** Every component, with further dashboards and alert rules. */
let outputs: RenderOutputs

beforeAll(async () => {
  if (installed === undefined) return
  const own = await folderOf({ 'shop.json': shop, 'exported.json': exported })
  outputs = await render({
    ...small,
    tenant: 'shop',
    components: { keycloak: true, pushgateway: true, loki: true, alloy: true, elasticsearch: true, influxdb: true },
    keycloak: { admin_secret: 'keycloak-admin', github_secret: 'keycloak-github' },
    object_store: { endpoint: 'https://s3.example.org', region: 'eu', bucket: 'logs', secret: 'loki-s3' },
    influxdb: { secret: 'influxdb-auth' },
    dashboards: { Shop: own, Large: await folderOf({ ...rest, 'c.json': large('c') }) },
    dashboard_inputs: { DS_PROM: 'stack-prom', DS_LOGS: 'weir-logs' },
    alerts: { slow: join(await folderOf({ 'slow.yaml': alerts }), 'slow.yaml') },
  })
}, 300_000)
beforeEach((context) => {
  if (installed === undefined) context.skip('there is no terraform on the PATH')
})
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

const ofDashboard = (name: string): Readonly<Record<string, string>> =>
  Object.entries(outputs.config_maps).find(([key]) => key.startsWith(`dashboard-${name}-`))![1].data

describe('terraform', () => {
  test('its files have the canonical form', async () => {
    const ran = await terraform(await folderOf({}), 'fmt', '-check', '-recursive', join(ROOT, 'deploy/terraform'))
    expect(ran.output).toBe('')
  })

  test('the tests of modules/render pass', async () => {
    // In a copy, so that `.terraform` stays out of the checkout.
    const folder = await folderOf({})
    for (const name of ['terraform', 'grafana'])
      await cp(join(ROOT, 'deploy', name), join(folder, name), { recursive: true })
    const module = join(folder, 'terraform/modules/render')
    await terraform(module, 'init', '-no-color')
    expect((await terraform(module, 'test', '-no-color')).output).toMatch(/Success! \d+ passed, 0 failed\./)
  }, 300_000)

  test('the outputs of the full stack pass the lint, and one tenant is written and read', () => {
    expect(lintStack(stackOfRendered(outputs, 'full'))).toEqual([])
    const alloy = parse(outputs.releases['alloy']!.values) as { alloy: { configMap: { content: string } } }
    expect(alloy.alloy.configMap.content).toContain('tenant_id = "shop"')
    const { datasources } = parse(outputs.secrets['datasources']!.data['stack.yaml']!) as {
      datasources: { type: string; secureJsonData?: object }[]
    }
    expect(datasources.find(({ type }) => type === 'loki')?.secureJsonData).toEqual({ httpHeaderValue1: 'shop' })
  })

  test('each index of the full example has a datasource, and its configuration of three feeds is valid', async () => {
    const text = await readFile(join(ROOT, 'deploy/terraform/examples/full/weir.yaml'), 'utf8')
    const { config } = await loadDocument(parseYaml(text, 'weir.yaml'), [])
    expect(Object.values(config.sources).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['rabbitmq', 'websocket', 'http-poll']),
    )
    const written = parse(text) as { sinks: Record<string, { type: string; from: string[] }> }
    const sinks = Object.entries(written.sinks).map(([id, { type, from }]) => ({ id, type, from }))
    expect(sinks).toEqual(
      expect.arrayContaining([
        { id: 'documents-index', type: 'elasticsearch', from: ['dated'] },
        { id: 'coinbase-index', type: 'elasticsearch', from: ['ticks'] },
        { id: 'twelvedata-index', type: 'elasticsearch', from: ['prices'] },
        { id: 'history', type: 'influxdb', from: ['ticks', 'prices'] },
      ]),
    )
    const main = await readFile(join(ROOT, 'deploy/terraform/examples/full/main.tf'), 'utf8')
    const [locals = ''] = /^locals \{[\s\S]*?^\}/m.exec(main) ?? []
    const folder = await folderOf({
      'main.tf': `${locals}\noutput "indices" {\n  value = local.indices\n}\n`,
      'weir.yaml': text,
    })
    expect((await terraform(folder, 'apply', '-auto-approve', '-no-color')).code).toBe(0)
    expect(JSON.parse((await terraform(folder, 'output', '-json', 'indices')).stdout)).toEqual({
      Coinbase: 'coinbase-*',
      Documents: 'documents-*',
      Twelvedata: 'twelvedata-*',
    })
  })

  test('the example of the guide is a valid stack', async () => {
    const guide = await readFile(join(ROOT, 'docs/guide/terraform.md'), 'utf8')
    const [, example = ''] = /^```tf\n([\s\S]*?)^```/m.exec(guide) ?? []
    const folder = await folderOf({})
    const module = relative(folder, join(ROOT, 'deploy/terraform/modules/render'))
    await writeFile(join(folder, 'main.tf'), example.replace(/"[./]+modules\/stack"/, `"${module}"`))
    await terraform(folder, 'init', '-no-color')
    expect((await terraform(folder, 'plan', '-no-color')).output).not.toMatch(/Error|Warning/)
  }, 300_000)

  test('no secret value is in an output: each entry named like a secret is a reference', () => {
    const named = [...JSON.stringify(outputs).matchAll(/\\*"(\w*(?:password|token|secret))\\*": ?\\*"([^"\\]+)/gi)]
    expect(named.length).toBeGreaterThan(4)
    for (const [, key, value] of named)
      // Names of Secrets and keys, and expansions of Grafana and Keycloak.
      expect(`${key}: ${value}`).toMatch(
        /: (?:\$|grafana-|keycloak-|influxdb-auth|loki-s3|weir-auth|client_secret|admin-token)/,
      )
  })

  test.for([
    ['Weir', { weir: { ...small.weir, config: { auth: { tokens: [{ name: 'g', token: 'Tr0ub4dor' }] } } } }],
    ['a datasource', { grafana: { ...small.grafana, datasources: [{ secureJsonData: { token: 'Tr0ub4dor' } }] } }],
    ['Alertmanager', { alertmanager: { config: { receivers: [{ slack_configs: [{ api_url: 'Tr0ub4dor' }] }] } } }],
  ] as const)('a literal secret in the configuration of %s is rejected and not printed', async ([, part]) => {
    const problem = await render({ ...small, ...part }).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(RenderError)
    expect(String(problem)).toContain('hold references to secrets only')
    expect(String(problem)).not.toContain('Tr0ub4dor')
  })
})

describe('dashboards', () => {
  test('variables of Grafana arrive byte for byte', async () => {
    expect(ofDashboard('shop')).toEqual({ 'shop.json': shop })
    for (const file of await readdir(join(ROOT, 'deploy/grafana/dashboards'))) {
      const original = await readFile(join(ROOT, 'deploy/grafana/dashboards', file), 'utf8')
      expect(ofDashboard(file.replace('.json', ''))).toEqual({ [file]: original })
    }
  })

  test('inputs of an export become uids; an input without a uid is named', async () => {
    expect(ofDashboard('exported')).toEqual({
      'exported.json': exported.replaceAll('${DS_PROM}', 'stack-prom').replaceAll('${DS_LOGS}', 'weir-logs'),
    })
    const dashboards = { Shop: await folderOf({ 'exported.json': exported }) }
    await expect(render({ ...small, dashboards, dashboard_inputs: { DS_PROM: 'stack-prom' } })).rejects.toThrow(
      /Shop\/exported\.json: DS_LOGS\./,
    )
  })

  test('1.2 MiB of dashboards become ConfigMaps below 1 MiB with stable names', async () => {
    const names = (maps: object): string[] => Object.keys(maps).filter((name) => /^dashboard-[abc]-/.test(name))
    expect(names(outputs.config_maps)).toHaveLength(3)
    for (const { data } of Object.values(outputs.config_maps))
      expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(1 << 20)
    const fewer = await render({ ...small, dashboards: { Large: await folderOf(rest) } })
    expect(names(outputs.config_maps)).toEqual(expect.arrayContaining(names(fewer.config_maps)))
    const one = { 'large.json': JSON.stringify({ uid: 'l', title: 'x'.repeat(1 << 20) }) }
    await expect(render({ ...small, dashboards: { Shop: await folderOf(one) } })).rejects.toThrow(/Shop\/large\.json/)
  }, 300_000)
})

describe('rules', () => {
  test('an alert file with $labels shows labels after the expansion by provisioning', () => {
    const text = outputs.config_maps['alerts-slow']!.data['slow.yaml']!
    const { groups } = parse(text) as { groups: { rules: object[] }[] }
    expect(groups[0]!.rules[0]).toMatchObject({
      labels: { team: '{{ .Labels.team }}' },
      annotations: { summary: '{{ .Labels.pod }} is slow: {{ .Values.A.Value }} {{ .Value }}' },
    })
  })

  test('rules for Prometheus keep $labels', () => {
    const values = parse(outputs.releases['prometheus']!.values) as { serverFiles: object }
    const written = JSON.stringify(values.serverFiles)
    for (const expected of ['StackPodPending', 'WeirDown', '{{ $labels.instance }} does not answer'])
      expect(written).toContain(expected)
  })
})

describe('the role of a user', () => {
  const roleOf = (path: string, token: JSONValue): unknown => TreeInterpreter.search(compile(path), token)

  test('is from the claim, and strict mode rejects users without one', () => {
    const path = outputs.role_attribute_path
    const tokens: readonly (readonly [string, JSONValue, JSONValue])[] = [
      ['admin', { realm_access: { roles: ['offline_access', 'admin'] } }, 'Admin'],
      ['editor', { realm_access: { roles: ['editor'] } }, 'Editor'],
      ['admin and editor', { realm_access: { roles: ['editor', 'admin'] } }, 'Admin'],
      ['no role of the stack', { realm_access: { roles: ['offline_access'] } }, false],
      ['a longer name', { realm_access: { roles: ['administrator'] } }, false],
      ['no claim', { sub: 'ada' }, false],
    ]
    for (const [name, token, expected] of tokens) expect([name, roleOf(path, token)]).toEqual([name, expected])
    const values = parse(outputs.releases['grafana']!.values) as { 'grafana.ini': Record<string, object> }
    expect(values['grafana.ini']['auth.generic_oauth']).toMatchObject({
      role_attribute_path: path,
      role_attribute_strict: true,
    })
  })

  test('is from another claim, with a role of viewers', async () => {
    const oidc = { ...small.oidc, role_claim: 'roles', admin_role: 'ops', viewer_role: 'staff' }
    const { role_attribute_path: path } = await render({ ...small, oidc })
    const tokens: JSONValue[] = [{ roles: ['ops', 'staff'] }, { roles: ['staff'] }, { roles: ['admin'] }]
    expect(tokens.map((token) => roleOf(path, token))).toEqual(['Admin', 'Viewer', false])
  })
})
