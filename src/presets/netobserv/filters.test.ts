import { describe, expect, test } from 'vitest'
import type { NetobservPlan } from './index.ts'
import { file, flows, grpc, part, plan, problem, stdout, type Stage } from './testing/plan.ts'

const filters = (rules: readonly object[], more: object = {}): Stage => ({
  name: 'filters',
  follows: 'ingest',
  is: { transform: { type: 'filter', filter: { rules, ...more } } },
})
const filterOf = (made: NetobservPlan): unknown =>
  (part(made, 'sinks')['out']?.['only'] as Readonly<Record<string, unknown>> | undefined)?.['filter']

describe('filters', () => {
  test('queries that keep flows are alternatives, rules that remove flows are conditions', () => {
    const made = plan(
      file(
        grpc,
        filters([
          { type: 'keep_entry_query', keepEntryQuery: 'SrcK8S_Namespace="shop"' },
          { type: 'remove_entry_if_exists', removeEntry: { input: 'DnsId' } },
          { type: 'keep_entry_query', keepEntryQuery: 'Proto = 17' },
          { type: 'remove_entry_if_not_equal', removeEntry: { input: 'Proto', value: 17, castInt: true } },
        ]),
        stdout('filters'),
      ),
    )
    expect(filterOf(made)).toBe(
      '((src_namespace = "shop") or (proto = 17)) and (not exists(dns_id)) and (not exists(proto) or proto = 17)',
    )
    expect(part(made, 'transforms')).toEqual({})
  })

  test('the deduper of NetObserv is a condition', () => {
    const rules = [
      { type: 'remove_entry_if_equal', removeEntry: { input: 'FlowDirection', value: 1, castInt: true } },
      { type: 'remove_entry_if_exists', removeEntry: { input: 'DstK8S_OwnerName' } },
    ]
    const drop = [{ type: 'remove_entry_all_satisfied', removeEntryAllSatisfied: rules }]
    expect(filterOf(plan(file(grpc, filters(drop), stdout('filters'))))).toBe(
      'not exists(node_direction) or exists(node_direction) and node_direction != 1 or not exists(dst_owner_name)',
    )
    const sample = [{ type: 'conditional_sampling', conditionalSampling: [{ value: 50, rules }] }]
    const sampled = plan(file(grpc, filters(sample), stdout('filters')))
    expect(part(sampled, 'transforms')).toEqual({
      filters: {
        type: 'sample',
        from: ['ingest'],
        only: { ...flows, filter: 'node_direction = 1 and exists(dst_owner_name)' },
        one_in: 50,
        adjust: false,
      },
      'filters-2': {
        type: 'filter',
        from: ['ingest'],
        only: flows,
        where: 'not (node_direction = 1 and exists(dst_owner_name))',
      },
    })
    expect(part(sampled, 'sinks')['out']).toMatchObject({ from: ['filters', 'filters-2'] })
  })

  test('a sampled query scales Sampling, and later queries do not see its flows', () => {
    const made = plan(
      file(
        grpc,
        filters(
          [
            { type: 'keep_entry_query', keepEntryQuery: 'Proto = 17', keepEntrySampling: 10 },
            { type: 'keep_entry_query', keepEntryQuery: 'with(DnsId)' },
          ],
          { samplingField: 'Sampling' },
        ),
        stdout('filters'),
      ),
    )
    expect(part(made, 'transforms')).toEqual({
      filters: {
        type: 'sample',
        from: ['ingest'],
        only: { ...flows, filter: 'proto = 17' },
        one_in: 10,
        adjust: true,
      },
      'filters-2': {
        type: 'filter',
        from: ['ingest'],
        only: flows,
        where: '(not (proto = 17)) and (exists(dns_id))',
      },
    })
  })

  test('rules that change fields are one transform, and conditions behind them read its output', () => {
    const made = plan(
      file(
        grpc,
        filters([
          { type: 'add_field', addField: { input: 'SrcK8S_Type', value: 'VM' } },
          { type: 'remove_field', removeField: { input: 'SrcMac' } },
          { type: 'remove_entry_if_equal', removeEntry: { input: 'SrcK8S_Type', value: 'VM' } },
          { type: 'add_label', addLabel: { input: 'site', value: 'edge' } },
        ]),
        stdout('filters'),
      ),
    )
    expect(part(made, 'transforms')).toMatchObject({
      filters: { type: 'map', from: ['ingest'], set: { SrcK8S_Type: '"VM"' }, drop: ['SrcMac'] },
      'filters-2': { type: 'map', from: ['filters'], set: { labels: '"site=edge"' } },
    })
  })

  test('a query without an equivalent is an error, or selects every flow', () => {
    const rules = [{ type: 'keep_entry_query', keepEntryQuery: 'SrcAddr =~ "10."' }]
    const given = file(grpc, filters(rules), stdout('filters'))
    expect(problem(given)).toMatch(
      /--ignore-unsupported starts without them:\n {6}parameters\[1\]\.transform\.filter\.rules\[0\]\.keepEntryQuery: this regular expression of SrcAddr/,
    )
    const made = plan(given, { ignore: true })
    expect([filterOf(made), made.notes]).toEqual([undefined, [expect.stringContaining('selects every flow')]])
  })
})

describe('enrichment', () => {
  const side = (name: 'Src' | 'Dst'): object => ({
    type: 'add_kubernetes',
    kubernetes: { ipField: `${name}Addr`, macField: `${name}Mac`, output: `${name}K8S`, add_zone: true },
  })

  test('the stages of the operator become names, zones, layers and labels', () => {
    const enrich: Stage = {
      name: 'enrich',
      follows: 'ingest',
      is: {
        transform: {
          type: 'network',
          network: {
            rules: [
              side('Src'),
              side('Dst'),
              { type: 'reinterpret_direction' },
              { type: 'decode_tcp_flags', decode_tcp_flags: { input: 'Flags', output: 'Flags' } },
              {
                type: 'add_kubernetes_infra',
                kubernetes_infra: {
                  namespaceNameFields: [{ namespace: 'SrcK8S_Namespace', name: 'SrcK8S_Name' }],
                  output: 'K8S_FlowLayer',
                  infra_prefixes: ['netobserv', 'openshift'],
                  infra_refs: [{ name: 'kubernetes', namespace: 'default' }],
                },
              },
            ],
            directionInfo: { reporterIPField: 'AgentIP', srcHostField: 'SrcK8S_HostIP', dstHostField: 'DstK8S_HostIP' },
            kubeConfig: { configPath: '/k/config', trackedKinds: ['ReplicaSet', 'Deployment', 'Gateway'] },
          },
        },
      },
    }
    const subnets: Stage = {
      name: 'subnets',
      follows: 'enrich',
      is: {
        transform: {
          type: 'network',
          network: {
            rules: [
              { type: 'add_subnet_label', add_subnet_label: { input: 'SrcAddr', output: 'SrcSubnetLabel' } },
              { type: 'add_subnet_label', add_subnet_label: { input: 'DstAddr', output: 'DstSubnetLabel' } },
            ],
            subnetLabels: [
              { name: 'dc', cidrs: ['10.1.0.0/16'] },
              { name: 'all', cidrs: ['10.0.0.0/8', '10.1.0.0/16'] },
            ],
          },
        },
      },
    }
    const cluster = [
      { type: 'add_field_if_doesnt_exist', addFieldIfDoesntExist: { input: 'K8S_ClusterName', value: 'west' } },
    ]
    const made = plan(file(grpc, enrich, subnets, { ...filters(cluster), follows: 'subnets' }, stdout('filters')))
    expect(part(made, 'sources')['kubernetes']).toEqual({
      cluster: 'west',
      kubeconfig: '/k/config',
      include: ['Pod', 'Node', 'Service', 'ReplicaSet', 'Deployment'],
      events: false,
    })
    expect(made.config['identity']).toEqual({
      zones: true,
      infra_namespaces: ['netobserv', 'openshift'],
      networks: '/data/netobserv-networks.yaml',
    })
    expect(JSON.parse(made.files['netobserv-networks.yaml'] ?? '')).toEqual({
      networks: [
        { cidr: '10.1.0.0/16', label: 'dc' },
        { cidr: '10.0.0.0/8', label: 'all' },
      ],
    })
    expect(part(made, 'sinks')['out']).toMatchObject({ tcp_flags: 'names', from: ['ingest'] })
    expect(made.notes).toEqual([
      'parameters[1].transform.network.kubeConfig.trackedKinds: owners are followed to the workload, not to Gateway',
    ])
  })

  test('fields with other names than those of NetObserv are named', () => {
    const rules = [
      { type: 'add_kubernetes', kubernetes: { ipField: 'XlatSrcAddr', output: 'XlatSrcK8S' } },
      { type: 'add_service', add_service: { input: 'DstAddr', output: 'Service', protocol: 'Proto' } },
      { type: 'add_location', add_location: { input: 'DstAddr', output: 'Geo', file_path: '/db.zip' } },
    ]
    const enrich: Stage = {
      name: 'enrich',
      follows: 'ingest',
      is: { transform: { type: 'network', network: { rules } } },
    }
    expect(
      problem(file(grpc, enrich, stdout('enrich')))
        .split('\n')
        .slice(1),
    ).toEqual([
      expect.stringContaining('rules[0].kubernetes: `XlatSrcK8S` cannot be added for `XlatSrcAddr`') as string,
      expect.stringContaining('rules[1].add_service: `DstAddr` is no port') as string,
      expect.stringContaining('rules[2].add_location: databases of IP2Location are not read') as string,
    ])
  })
})
