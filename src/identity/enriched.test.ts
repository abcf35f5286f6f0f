import { expect, it } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { cellReader } from '../api/live/cells.ts'
import type { Cell } from '../topics/cells.ts'
import { compileLive, flowNames, readFilter } from '../query/index.ts'
import type { FlowBatch } from '../model/batches.ts'
import { parseCidr } from '../model/cidr.ts'
import type { Column } from '../model/columns.ts'
import { DictionaryBuilder } from '../model/dictionary.ts'
import { endpointColumns, nodeColumns } from '../model/endpoint.ts'
import { parseIp } from '../model/ip.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { flowBatch, FrameMaker } from '../store/testing/frames.ts'
import { queryRows } from '../store/testing/query-rows.ts'
import { temporaryStores } from '../store/testing/temporary.ts'
import { enrichFlows, type Names } from './enrich.ts'
import { PrefixTable } from './prefix-table.ts'
import type { StaticResolver } from './static-resolver.ts'
import { gone, node, other, pod, t0 } from './testing/objects.ts'
import { WorkloadResolver } from './workload-resolver.ts'
import { Workloads } from './workloads.ts'

const stores = temporaryStores()
const columns = [...endpointColumns.keys(), ...nodeColumns.keys(), 'node_direction']

function networksOf(
  ...ranges: readonly (readonly [cidr: string, name: string | undefined, label: string | undefined])[]
): StaticResolver {
  const table = new PrefixTable(
    ranges.flatMap(([cidr, name, label]) => {
      const range = parseCidr(cidr)
      return range === undefined
        ? []
        : [{ range, ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { label }) }]
    }),
  )
  const answers = table.meanings.map((endpoint) => ({ is: 'endpoint' as const, endpoint }))
  return {
    generation: 1,
    resolve(words, offset) {
      const number = table.lookup(words, offset)
      return (number === 0 ? undefined : answers[number]) ?? { is: 'unknown' }
    },
    reload: () => Promise.resolve(),
    close: () => {},
  }
}

function randomCluster(random: SeededRandom): readonly ResourceData[] {
  const objects: ResourceData[] = []
  const names = ['worker-1', 'worker-2', 'worker-3']
  names.forEach((name, index) =>
    objects.push(node(name, `10.0.0.${index + 1}`, random.chance(0.3) ? undefined : random.pick(['z1', 'z2']))),
  )
  for (let index = 0; index < 12; index++) {
    const networks = ['shop/blue', 'shop/red', 'macvlan']
    const secondary = random.chance(0.4)
      ? [{ ip: `10.9.0.${random.integer(1, 4)}`, as: 'secondary' as const, network: random.pick(networks) }]
      : []
    const began = random.integer(0, 40_000)
    const made = pod(`pod-${index}`, undefined, began, {
      node: random.pick(names),
      namespace: random.pick(['shop', 'kube-system', 'openshift-dns', 'bank']),
      addresses: [{ ip: `10.1.0.${random.integer(1, 8)}`, as: 'pod' }, ...secondary],
    })
    objects.push(made)
    if (random.chance(0.4)) objects.push(gone(made, began + random.integer(1000, 30_000)))
  }
  objects.push(
    other('Service', 'web', { addresses: [{ ip: '10.96.0.1', as: 'cluster' }] }),
    other('Service', 'kubernetes', { namespace: 'default', addresses: [{ ip: '10.96.0.2', as: 'cluster' }] }),
  )
  return objects.toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since))
}

function randomFlows(random: SeededRandom, received: number): FlowBatch {
  const addresses = [
    ...Array.from({ length: 8 }, (_, index) => `10.1.0.${index + 1}`),
    ...Array.from({ length: 4 }, (_, index) => `10.9.0.${index + 1}`),
    '10.0.0.1',
    '10.0.0.2',
    '10.96.0.1',
    '10.96.0.2',
    '192.0.2.9',
    '198.51.100.7',
  ]
  const count = random.integer(1, 40)
  const rows = Array.from({ length: count }, () => ({
    src: random.pick(addresses),
    dst: random.pick(addresses),
    start: t0 + random.integer(0, 90_000),
  }))
  const batch = flowBatch(rows, received)
  const words = new DictionaryBuilder()
  batch.dictionary.slice(1).forEach((text) => words.code(text))
  const more: Record<string, Column> = {}
  const ips = (name: string, chance: number): void => {
    const valid = new Uint8Array((count + 7) >> 3)
    const list = rows.map((_, row) => {
      if (random.chance(chance)) valid[row >> 3] = (valid[row >> 3] as number) | (1 << (row & 7))
      return parseIp(`10.0.0.${random.integer(1, 3)}`) as Uint32Array
    })
    more[name] = { kind: 'ip', words: Uint32Array.from(list.flatMap((each) => [...each])), valid }
  }
  ips('exporter_addr', 0.9)
  if (random.chance(0.3)) ips('src_node_addr', 0.2)
  if (random.chance(0.3)) {
    const values = Uint8Array.from(rows, () => random.integer(0, 2))
    const valid = Uint8Array.from({ length: (count + 7) >> 3 }, () => random.integer(0, 255))
    more['node_direction'] = { kind: 'u8', values, valid }
  }
  const text = (name: string, texts: readonly string[]): void => {
    if (random.chance(0.3))
      more[name] = { kind: 'dict', codes: Uint32Array.from(rows, () => words.code(random.pick(texts))) }
  }
  text('src_name', ['', 'sent'])
  text('dst_label', ['', 'sent'])
  text('flow_layer', ['', 'app'])
  if (random.chance(0.5)) {
    const items = rows.map(() => words.code(random.pick(['', 'default', 'shop/blue', 'shop/red'])))
    more['udns'] = {
      kind: 'list<dict>',
      offsets: Uint32Array.from({ length: count + 1 }, (_, row) => row),
      items: Uint32Array.from(items),
    }
  }
  return { ...batch, dictionary: words.strings, columns: { ...batch.columns, ...more } }
}

/** What a transform writes that drops some names and changes one. */
function randomlyDerived(random: SeededRandom, received: number, names: Names): FlowBatch {
  const { batch } = enrichFlows(randomFlows(random, received), received, names)
  const kept = Object.entries(batch.columns).filter(([name]) => !columns.includes(name) || random.chance(0.6))
  const dictionary = [...batch.dictionary, 'changed']
  const codes = Uint32Array.from({ length: batch.count }, () => (random.chance(0.5) ? dictionary.length - 1 : 0))
  const changed: Record<string, Column> = { dst_name: { kind: 'dict', codes } }
  return { ...batch, dictionary, columns: { ...Object.fromEntries(kept), ...changed }, derived: true }
}

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'delivered, stored and live flows have the same names, nodes, direction and layer (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    const workloads = new Workloads({ zones: seed % 2 === 0, infra: ['kube-', 'openshift'] })
    for (const data of randomCluster(random)) workloads.apply(data)
    workloads.settle()
    const networks = networksOf(
      ['10.0.0.0/8', undefined, 'inside'],
      ['192.0.2.0/24', 'office', 'outside'],
      ['10.1.0.0/29', 'pods', undefined],
    )
    const names: Names = { holders: workloads, networks }
    const resolver = new WorkloadResolver(networks, workloads, () => true)
    const store = await stores.open({ resolver })
    const make = new FrameMaker()
    const received = t0 + 100_000
    const expected: Record<string, Cell>[] = []
    for (let frame = 0; frame < 6; frame++) {
      const batch = frame % 3 === 2 ? randomlyDerived(random, received, names) : randomFlows(random, received)
      const { batch: delivered } = enrichFlows(batch, received, names)
      if (batch.derived === true) expect(delivered).toBe(batch)
      const made = make.batch(batch, received, 'agents')
      await store.projection.apply([made])
      const cells = (of: FlowBatch, through: WorkloadResolver | undefined, row: number): Record<string, Cell> =>
        Object.fromEntries(columns.map((name) => [name, cellReader(of, made.header, name, through)(row)]))
      for (let row = 0; row < batch.count; row++) {
        const of = cells(delivered, undefined, row)
        expected.push(of)
        expect(cells(batch, resolver, row)).toEqual(of)
        for (const name of ['node_direction', 'flow_layer', 'src_node_addr', 'dst_network'] as const) {
          const value = of[name]
          const filter =
            value === null || value === undefined ? `${name} not exists` : `${name} = ${JSON.stringify(value)}`
          const test = compileLive(readFilter(filter, flowNames).bound)(batch, made.header, resolver)
          expect([filter, test(row)]).toEqual([filter, true])
        }
      }
      if (random.chance(0.5)) await store.projection.commit()
    }
    await store.projection.commit()
    const read = await queryRows(
      store.reader,
      `SELECT ${columns.join(', ')} FROM flows ORDER BY split_part(_pos, ':', 3)::INT, split_part(_pos, ':', 4)::INT`,
    )
    expect(read).toEqual(expected)
    const some = (name: string): boolean => expected.some((row) => row[name] !== null)
    expect(columns.filter((name) => !some(name) && !(name.endsWith('_zone') && seed % 2 === 1))).toEqual([])
    const sums = await queryRows(
      store.reader,
      'SELECT node_direction, sum(flows)::INT AS flows FROM flows_1m GROUP BY 1 ORDER BY 1 NULLS LAST',
    )
    const counted = [0, 1, 2, null].map((node_direction) => ({
      node_direction,
      flows: expected.filter((row) => row['node_direction'] === node_direction).length,
    }))
    expect(sums).toEqual(counted.filter(({ flows }) => flows > 0))
  },
)
