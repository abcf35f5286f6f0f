import { describe, expect, test } from 'vitest'
import type { NetobservPlan } from './index.ts'
import { file, grpc, part, plan, problem, stdout, type Stage } from './testing/plan.ts'
import { run } from './testing/run.ts'

const stage = (transform: object): Stage => ({ name: 'stage', follows: 'ingest', is: { transform } })
const planOf = (transform: object): NetobservPlan => plan(file(grpc, stage(transform), stdout('stage')))
const filters = (...rules: readonly object[]): NetobservPlan => planOf({ type: 'filter', filter: { rules } })
const network = (rules: readonly object[], more: object = {}): NetobservPlan =>
  planOf({ type: 'network', network: { rules, ...more } })
const generic = (rules: readonly object[], policy?: string): NetobservPlan =>
  planOf({ type: 'generic', generic: { ...(policy === undefined ? {} : { policy }), rules } })

const web = {
  SrcAddr: '10.2.3.4',
  DstAddr: '10.9.8.7',
  SrcPort: 40_000,
  DstPort: 443,
  Proto: 6,
  Flags: 18,
  Bytes: 1500,
  Packets: 3,
  Etype: 2048,
  SrcK8S_Name: 'shop-1',
}
const bare = { SrcPort: 40_001, DstPort: 53, Proto: 17, Bytes: 80, Packets: 1 }

describe('filter', () => {
  test('a field is set if another meets a condition', async () => {
    const made = filters(
      { type: 'add_field_if', addFieldIf: { input: 'DstPort', output: 'tier', parameters: '< 1024', assignee: 'low' } },
      { type: 'add_field_if', addFieldIf: { input: 'Bytes', output: 'large', parameters: '>= 1000 && val != 2000' } },
      {
        type: 'add_field_if',
        addFieldIf: { input: 'SrcK8S_Name', output: 'shop', parameters: 'in (\'shop-1\', "shop-2")', assignee: 'yes' },
      },
      { type: 'add_field_if', addFieldIf: { input: 'tier', output: 'tier', parameters: '== "low"', assignee: 'LOW' } },
    )
    expect(await run(made, [web, { ...bare, DstPort: 5353 }])).toEqual([
      {
        ...web,
        tier: 'LOW',
        tier_Evaluate: true,
        large: 1500,
        large_Evaluate: true,
        shop: 'yes',
        shop_Evaluate: true,
      },
      { ...bare, DstPort: 5353 },
    ])
  })

  test('a field is copied if it matches a regular expression', async () => {
    const made = filters(
      { type: 'add_regex_if', addRegexIf: { input: 'SrcAddr', output: 'Ten', parameters: '^10\\.' } },
      { type: 'add_regex_if', addRegexIf: { input: 'DstPort', output: 'Web', parameters: '^(80|443)$' } },
      { type: 'add_regex_if', addRegexIf: { input: 'unknown', output: 'Never', parameters: '.*' } },
    )
    expect(await run(made, [web, bare])).toEqual([
      { ...web, Ten: '10.2.3.4', Ten_Matched: true, Web: 443, Web_Matched: true },
      bare,
    ])
  })

  test('labels are one text, also with conditions', async () => {
    const made = filters(
      { type: 'add_label_if', addLabelIf: { input: 'Proto', output: 'l4', parameters: '== 6', assignee: 'tcp' } },
      { type: 'add_label_if', addLabelIf: { input: 'Bytes', output: 'size', parameters: '> 1000', assignee: 'big' } },
    )
    expect(await run(made, [web, bare])).toEqual([{ ...web, labels: 'l4=tcp,size=big' }, bare])
    const mixed = filters(
      { type: 'add_label', addLabel: { input: 'site', value: 'edge "1"' } },
      { type: 'add_label_if', addLabelIf: { input: 'Proto', output: 'l4', parameters: '== 6', assignee: 'tcp' } },
    )
    expect(await run(mixed, [web, bare])).toEqual([
      { ...web, labels: 'site=edge "1",l4=tcp' },
      { ...bare, labels: 'site=edge "1"' },
    ])
  })

  test('rules see the changes of earlier rules', async () => {
    const made = filters(
      { type: 'add_field', addField: { input: 'site', value: 'edge' } },
      { type: 'add_field_if_doesnt_exist', addFieldIfDoesntExist: { input: 'site', value: 'core' } },
      { type: 'add_field_if_doesnt_exist', addFieldIfDoesntExist: { input: 'SrcK8S_Name', value: 'none' } },
      { type: 'add_field_if', addFieldIf: { input: 'site', output: 'zone', parameters: '=~ "^ed"', assignee: 'z1' } },
      { type: 'remove_field', removeField: { input: 'site' } },
      { type: 'remove_field', removeField: { input: 'zone_Evaluate' } },
      { type: 'remove_field', removeField: { input: 'Flags' } },
      { type: 'remove_entry_if_equal', removeEntry: { input: 'SrcK8S_Name', value: 'none' } },
    )
    const { Flags: _, ...rest } = web
    expect(await run(made, [web, bare])).toEqual([{ ...rest, zone: 'z1' }])
  })

  test('every removal rule and conditional sampling select their flows', async () => {
    const kept = async (...rules: readonly object[]): Promise<unknown[]> =>
      (await run(filters(...rules), [web, bare])).map(({ DstPort }) => DstPort)
    const rule = (type: string, input: string, value?: unknown): object => ({ type, removeEntry: { input, value } })
    expect(await kept(rule('remove_entry_if_exists', 'SrcAddr'))).toEqual([53])
    expect(await kept(rule('remove_entry_if_doesnt_exist', 'SrcAddr'))).toEqual([443])
    expect(await kept(rule('remove_entry_if_equal', 'Proto', 17))).toEqual([443])
    expect(await kept(rule('remove_entry_if_not_equal', 'SrcK8S_Name', 'shop-2'))).toEqual([53])
    const all = [rule('remove_entry_if_equal', 'Proto', 6), rule('remove_entry_if_exists', 'SrcAddr')]
    expect(await kept({ type: 'remove_entry_all_satisfied', removeEntryAllSatisfied: all })).toEqual([53])
    expect(await kept({ type: 'keep_entry_query', keepEntryQuery: 'DstPort < 100' })).toEqual([53])
    const never = { value: 60_000, rules: all }
    expect(await kept({ type: 'conditional_sampling', conditionalSampling: [never] })).toEqual([53])
    expect(await kept({ type: 'conditional_sampling', conditionalSampling: [{ value: 1, rules: all }] })).toHaveLength(
      2,
    )
  })

  test('a condition without an equivalent, and a value that does not fit, are named', () => {
    const rules = [
      { type: 'add_field_if', addFieldIf: { input: 'Bytes', output: 'x', parameters: '+ 1 > 2' } },
      { type: 'add_field_if', addFieldIf: { input: 'SrcAddr', output: 'x', parameters: '> 5' } },
      { type: 'add_field_if', addFieldIf: { input: 'Bytes', output: 'Proto', parameters: '> 5', assignee: 'tcp' } },
      { type: 'add_field', addField: { input: 'Bytes', value: 'many' } },
      { type: 'add_regex_if', addRegexIf: { input: 'SrcAddr', output: 'x', parameters: '(' } },
    ]
    const lines = problem(file(grpc, stage({ type: 'filter', filter: { rules } }), stdout('stage'))).split('\n')
    expect(lines.slice(1).map((line) => line.replace(/^.*filter\./, ''))).toEqual([
      'rules[0]: `+ 1 > 2` is not supported; ignored, no flow meets the condition',
      'rules[1]: SrcAddr is no number; ignored, no flow meets the condition',
      'rules[2]: "tcp" is no value of Proto',
      'rules[3]: "many" is no value of Bytes',
      'rules[4]: `(` is no regular expression of RE2',
    ])
  })
})

describe('generic', () => {
  const rules = [
    { input: 'SrcAddr', output: 'client' },
    { input: 'Bytes', output: 'Bytes', multiplier: 50 },
    { input: 'Packets', output: 'packets_total', multiplier: 50 },
    { input: 'SrcK8S_Name', output: 'multiplied', multiplier: 2 },
    { input: 'absent', output: 'never' },
  ]

  test('fields are copied and multiplied, and the others stay', async () => {
    const made = generic(rules)
    expect(await run(made, [web, bare])).toEqual([
      { ...web, client: '10.2.3.4', Bytes: 75_000, packets_total: 150 },
      { ...bare, Bytes: 4000, packets_total: 50 },
    ])
    expect(made.notes).toEqual([expect.stringContaining('rules[3]: `SrcK8S_Name` or `multiplied` is no number')])
  })

  test('names that events have are fields of the record, too', async () => {
    const made = generic(
      [
        { input: 'id', output: 'id' },
        { input: 'DstPort', output: 'type' },
        { input: 'Packets', output: 'source', multiplier: 2 },
        { input: 'id', output: 'copy' },
      ],
      'replace_keys',
    )
    expect(await run(made, [{ ...web, id: 7 }, { id: 8 }])).toEqual([
      { id: 7, type: 443, source: 6, copy: 7 },
      { id: 8, copy: 8 },
    ])
  })

  test('with replace_keys only the results remain', async () => {
    const made = generic(
      [
        { input: 'DstPort', output: 'port' },
        { input: 'DstPort', output: 'SrcPort' },
        { input: 'Bytes', output: 'Bytes' },
      ],
      'replace_keys',
    )
    expect(await run(made, [web, bare])).toEqual([
      { port: 443, SrcPort: 443, Bytes: 1500 },
      { port: 53, SrcPort: 53, Bytes: 80 },
    ])
  })
})

describe('network', () => {
  const rules = [
    { type: 'add_subnet', add_subnet: { input: 'SrcAddr', output: 'SrcSubnet', subnet_mask: '/16' } },
    { type: 'add_service', add_service: { input: 'DstPort', output: 'service', protocol: 'Proto' } },
    { type: 'decode_tcp_flags', decode_tcp_flags: { input: 'Flags', output: 'FlagNames' } },
  ]

  test('subnets, services and flags are further fields', async () => {
    expect(await run(network(rules), [web, bare])).toEqual([
      { ...web, SrcSubnet: '10.2.0.0/16', service: 'https', FlagNames: ['SYN', 'ACK'] },
      { ...bare, service: 'domain' },
    ])
  })

  test('labels of workloads are further fields; annotations are named', () => {
    const kubernetes = {
      ipField: 'DstAddr',
      output: 'DstK8S',
      labels_prefix: 'DstK8S_Labels',
      label_inclusions: ['app'],
      label_value_max_length: 20,
    }
    const src = { ipField: 'SrcAddr', output: 'SrcK8S', label_exclusions: ['x'] }
    const rules = [
      { type: 'add_kubernetes', kubernetes },
      { type: 'add_kubernetes', kubernetes: src },
    ]
    const made = plan(file(grpc, stage({ type: 'network', network: { rules } }), stdout('stage')))
    expect(made.config['identity']).toMatchObject({
      labels: [{ end: 'destination', prefix: 'DstK8S_Labels', include: ['app'], exclude: [], max_length: 20 }],
    })
    expect(made.notes.join()).toContain('label_exclusions: without effect; labels_prefix is missing')
    const refused = { ...src, annotations_prefix: 'A' }
    const network = { rules: [{ type: 'add_kubernetes', kubernetes: refused }] }
    expect(problem(file(grpc, stage({ type: 'network', network }), stdout('stage')))).toContain(
      'annotations_prefix: annotations are not recorded; copy labels with labels_prefix',
    )
  })

  test('names of the services file take precedence', async () => {
    const text = '# comment\nshop\t 443/tcp alias # web\nbroken\nother 99999999/tcp\n'
    const made = plan(
      file(
        grpc,
        stage({ type: 'network', network: { rules: [rules[1]], servicesFile: '/etc/services' } }),
        stdout('stage'),
      ),
      { files: { '/etc/services': text } },
    )
    expect(part(made, 'transforms')['stage']).toMatchObject({ services: { '443/tcp': 'shop' } })
    expect((await run(made, [web, bare])).map(({ service }) => service)).toEqual(['shop', 'domain'])
  })
})

describe('extract', () => {
  const extract = (type: string, rules: readonly object[], ...more: readonly Stage[]): Stage[] => [
    grpc,
    { name: 'stage', follows: 'ingest', is: { extract: { type, [type]: { rules } } } },
    ...more,
  ]
  const rules = [
    { name: 'bytes', groupByKeys: ['Proto'], operationType: 'sum', operationKey: 'Bytes' },
    { name: 'flows', groupByKeys: ['SrcK8S_Name', 'Proto'], operationType: 'count' },
    { name: 'largest', operationType: 'max', operationKey: 'Bytes' },
  ]
  const picked = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
    rows.map(({ name, by, aggregate, recent_op_value, recent_count }) => [
      name,
      by,
      aggregate,
      recent_op_value,
      recent_count,
    ])

  test('each group of a rule is a row', async () => {
    const made = plan(file(...extract('aggregates', rules, stdout('stage'))))
    expect(picked(await run(made, [web, web, bare]))).toEqual([
      ['bytes', 'Proto', '6', 3000, 2],
      ['bytes', 'Proto', '17', 80, 1],
      ['flows', 'SrcK8S_Name,Proto', '6,shop-1', 2, 2],
      ['largest', '', '', 1500, 3],
    ])
    expect(made.notes).toEqual([expect.stringContaining('each group is one row per 10s')])
  })

  test('metrics of aggregates are metrics of the flows', () => {
    const named = (value: string): object => ({ filters: [{ key: 'name', value }] })
    const raw = { name: 'sizes', groupByKeys: ['service'], operationType: 'raw_values', operationKey: 'Bytes' }
    const metrics = [
      { name: 'bytes_total', type: 'counter', ...named('bytes'), valueKey: 'recent_op_value', labels: ['Proto'] },
      { name: 'flows_total', type: 'counter', ...named('flows'), valueKey: 'recent_count', labels: ['SrcK8S_Name'] },
      { name: 'sizes', type: 'agg_histogram', ...named('sizes'), valueKey: 'recent_raw_values', labels: ['service'] },
    ]
    const prom: Stage = { name: 'prom', follows: 'stage', is: { encode: { type: 'prom', prom: { metrics } } } }
    const made = plan(file(...extract('aggregates', [...rules, raw], prom)))
    expect(part(made, 'transforms')).toEqual({})
    expect(part(made, 'sinks')['prom']).toMatchObject({
      from: ['ingest'],
      custom: [
        {
          name: 'bytes_total',
          type: 'counter',
          value: 'Bytes',
          filters: [{ field: 'Proto', type: 'presence' }],
          labels: ['Proto'],
        },
        {
          name: 'flows_total',
          type: 'counter',
          filters: [
            { field: 'SrcK8S_Name', type: 'presence' },
            { field: 'Proto', type: 'presence' },
          ],
        },
        {
          name: 'sizes',
          type: 'histogram',
          value: 'Bytes',
          filters: [{ field: 'extra>service', type: 'presence' }],
          labels: ['extra>service'],
          remap: { 'extra>service': 'service' },
        },
      ],
    })
    const largest = { name: 'largest', type: 'gauge', ...named('largest'), valueKey: 'recent_op_value' }
    const refused: Stage = {
      name: 'prom',
      follows: 'stage',
      is: { encode: { type: 'prom', prom: { metrics: [largest, { name: 'x', valueKey: 'total_value' }] } } },
    }
    expect(problem(file(...extract('aggregates', rules, refused)))).toMatch(
      /a gauge of recent_op_value with `max` cannot be computed.*\n.*needs a filter `name`/,
    )
  })

  test('intervals of timebased rules are windows, and rankings are named', async () => {
    const interval = { indexKeys: ['Proto'], operationKey: 'Bytes', timeInterval: '10s' }
    const made = plan(
      file(
        ...extract(
          'timebased',
          ['sum', 'avg', 'min', 'max', 'count', 'last'].map((operationType) => ({
            ...interval,
            name: operationType,
            operationType,
          })),
          stdout('stage'),
        ),
      ),
    )
    const rows = await run(made, [web, { ...web, Bytes: 500 }, bare])
    expect(
      rows.filter(({ Proto }) => Proto === 6).map(({ name, operation, Bytes }) => [name, operation, Bytes]),
    ).toEqual([
      ['sum', 'sum', 2000],
      ['avg', 'avg', 1000],
      ['min', 'min', 500],
      ['max', 'max', 1500],
      ['count', 'count', 2],
      ['last', 'last', 500],
    ])
    const others = [
      { ...interval, operationType: 'sum', topK: 3 },
      { ...interval, operationType: 'diff' },
      { ...interval, operationType: 'sum', timeInterval: '2h' },
      { ...interval, operationType: 'sum', indexKeys: ['rack'] },
    ]
    expect(problem(file(...extract('timebased', others, stdout('stage')))).split('\n')).toHaveLength(5)
  })
})
