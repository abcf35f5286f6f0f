import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stackOfFolder } from './from-hcl.ts'
import { stackOfRendered, type Rendered } from './from-render.ts'
import { lintLock, lintStack, lintTree } from './lint.ts'

const here = import.meta.dirname

const defects = lintStack(await stackOfFolder(join(here, 'fixtures/defects'), 'defects'))

describe('the lint of stacks', () => {
  test('reports each fault of a stack with its file and key', () => {
    expect(defects.map(({ rule, file, key }) => `${rule} ${file} ${key}`).toSorted()).toEqual([
      'L1 defects/cluster.tf digitalocean_kubernetes_cluster.main: node_pool',
      'L10 defects/config.tf kubernetes_config_map.datasources: prometheus.yml prometheus-server: url',
      'L11 defects/releases.tf helm_release.loki: chunksCache.allocatedMemory',
      'L11 defects/releases.tf helm_release.loki: resultsCache.allocatedMemory',
      'L12 defects/config.tf templatefile(main.json)',
      'L13 defects/releases.tf helm_release.grafana: grafana.ini.dashboards.default_home_dashboard_path',
      'L14 defects/releases.tf helm_release.grafana: assertNoLeakedSecrets',
      'L15 defects/config.tf kubernetes_config_map.datasources: prometheus.yml prometheus-server: secureJsonData',
      'L16 defects/cluster.tf provider.helm: kubernetes',
      'L16 defects/releases.tf helm_release.elasticsearch: set',
      'L17 defects/cluster.tf provider.helm',
      'L17 defects/cluster.tf provider.kubernetes',
      'L18 defects/config.tf kubernetes_config_map.telegraf: telegraf.conf: inputs.websocket',
      'L18 defects/config.tf kubernetes_config_map.telegraf: telegraf.conf: outputs.elasticsearch',
      'L19 defects/releases.tf helm_release.grafana: serviceMonitor',
      'L2 defects/cluster.tf digitalocean_kubernetes_cluster.main: node_pool',
      'L3 defects/cluster.tf digitalocean_kubernetes_cluster.main: maintenance_policy',
      'L3 defects/cluster.tf digitalocean_kubernetes_cluster.main: registry_integration',
      'L4 defects/releases.tf helm_release.elasticsearch: cluster.initialMasterNodes',
      'L4 defects/releases.tf helm_release.elasticsearch: heapSize',
      'L4 defects/releases.tf helm_release.elasticsearch: minimumMasterNodes',
      'L5 defects/releases.tf helm_release.elasticsearch: secret.password',
      'L6 defects/releases.tf helm_release.grafana: grafana.ini.auth.generic_oauth.disable_login_form',
      'L7 defects/config.tf kubernetes_config_map.datasources: prometheus.yml History: jsonData.default_bucket',
      'L8 defects/config.tf kubernetes_config_map.datasources: prometheus.yml prometheus-server: name',
      'L8 defects/config.tf kubernetes_config_map.datasources: prometheus.yml prometheus-server: url',
      'L9 defects/config.tf kubernetes_config_map.datasources: prometheus.yml prometheus-server: ' +
        'secureJsonData.httpHeaderValue1',
      'PIN defects/releases.tf helm_release.grafana: image.tag',
      'PIN defects/releases.tf helm_release.traefik: version',
    ])
  })

  test('states the line and the numbers of a fault', () => {
    expect(defects.find(({ rule }) => rule === 'L1')?.line).toBe(38)
    expect(defects.find(({ rule }) => rule === 'L9')?.message).toContain(
      'reads the tenant 1, and logs are written as shop',
    )
    // 1.2 × 2048 and 1.2 × 1024 MiB of the caches, and 1 GiB of Elasticsearch, on two nodes of 1 GiB.
    expect(defects.find(({ rule }) => rule === 'L11')?.message).toContain('requests 4709 MiB of 2048 MiB')
  })

  test('accepts every folder of deploy/terraform', async () => {
    expect(await lintTree(join(here, '..'))).toEqual([])
  })

  test('rejects a lock file without an exact version, or with the tag latest', async () => {
    const lock = JSON.parse(await readFile(join(here, '../charts.lock.json'), 'utf8')) as object
    const found = lintLock(
      JSON.stringify({
        ...lock,
        loki: { version: '6', image: { tag: '3.7.6' } },
        alloy: { image: { tag: 'v1' } },
        influxdb: { version: '2.1.2', image: { tag: 'latest' } },
      }),
      'charts.lock.json',
    )
    expect(found.map(({ rule, key }) => `${rule} ${key}`)).toEqual([
      'PIN alloy.version',
      'PIN influxdb.image.tag',
      'PIN loki.version',
    ])
  })
})

const dashboard = (uid: string, source: string, more: object = {}): string =>
  JSON.stringify({ uid, panels: [{ id: 1, datasource: { type: 'prometheus', uid: source } }], ...more })
const alerts = (summary: string, source = 'metrics'): string =>
  JSON.stringify({
    groups: [{ rules: [{ uid: 'r', annotations: { summary }, data: [{ refId: 'A', datasourceUid: source }] }] }],
  })

function rendered(files: Readonly<Record<string, string>>): Rendered {
  return {
    releases: {},
    config_maps: Object.fromEntries(
      Object.entries(files).map(([name, text]) => [
        name,
        { labels: { [name.startsWith('alerts') ? 'grafana_alert' : 'grafana_dashboard']: '1' }, data: { file: text } },
      ]),
    ),
    secrets: {
      datasources: {
        labels: { grafana_datasource: '1' },
        data: {
          'stack.yaml': JSON.stringify({ datasources: [{ name: 'Metrics', uid: 'metrics', type: 'prometheus' }] }),
        },
      },
    },
  }
}

describe('files for Grafana', () => {
  test.for([
    ['valid files', { one: dashboard('a', 'metrics'), two: dashboard('b', '$source'), alerts: alerts('ok') }, []],
    [
      'two dashboards with one uid',
      { one: dashboard('a', 'metrics'), two: dashboard('a', 'metrics') },
      ['UID two: file: uid'],
    ],
    ['an unknown datasource', { one: dashboard('a', 'other') }, ['UID one: file: panels.0.datasource']],
    [
      'an input of an export',
      { one: dashboard('a', '${DS_PROM}', { __inputs: [{ name: 'DS_PROM' }] }) },
      ['UID one: file: __inputs'],
    ],
    [
      'an unknown datasource of a rule',
      { alerts: alerts('ok', 'other') },
      ['UID alerts: file: groups.0.rules.0.data.0.datasourceUid'],
    ],
    [
      'a dollar in an annotation',
      { alerts: alerts('{{ $labels.pod }} is slow') },
      ['ESCAPE alerts: file: groups.0.rules.0.annotations.summary'],
    ],
    ['an escaped dollar', { alerts: alerts('{{ $$labels.pod }} is slow') }, []],
  ] as const)('%s', ([, files, expected]) => {
    expect(lintStack(stackOfRendered(rendered(files), 'out')).map(({ rule, key }) => `${rule} ${key}`)).toEqual(
      expected,
    )
  })
})
