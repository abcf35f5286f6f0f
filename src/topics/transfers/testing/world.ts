/** Random flows between ends with known places, and the money by SQL over the addresses alone. */
import type { SeededRandom } from '../../../../test/kit/random.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import type { Column } from '../../../model/columns.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import type { PriceList } from '../price-list.ts'

type Place = 'inside' | 'private' | 'outside'

export type WorldEnd = Readonly<{
  address: string
  place: Place
  /** As {@link Transfers} names it. */
  text: string
  namespace: string
  owner: string
  kind: string
  zone: string
  node: string
}>

type WorldFlow = Readonly<{ from: WorldEnd; to: WorldEnd; bytes: number; sampling: number; direction: number | null }>

export type World = Readonly<{ ends: readonly WorldEnd[]; flows: readonly WorldFlow[] }>

const zones = ['eu-1-a', 'eu-1-b', 'us-1-a', ''] as const
const namespaces = ['shop', 'vault', 'monitoring'] as const

export function worldOf(random: SeededRandom, count: number): World {
  const nodes = Array.from({ length: 6 }, (_, at) => ({ name: `node-${at}`, zone: random.pick(zones) }))
  const pods = Array.from({ length: 24 }, (_, at): WorldEnd => {
    const [namespace, owner] = [random.pick(namespaces), `app-${at % 9}`]
    const node = random.pick(nodes)
    const named = random.chance(0.9) ? node : { name: '', zone: '' }
    return {
      address: random.chance(0.2) ? `2001:db8::${(at + 1).toString(16)}` : `10.1.0.${at + 1}`,
      place: 'inside',
      namespace,
      owner,
      kind: 'Pod',
      text: `${namespace}/${owner}`,
      zone: named.zone,
      node: named.name,
    }
  })
  const services = ['10.96.0.1', '203.0.113.10'].map((address, at): WorldEnd => {
    const name = `svc-${at}`
    return {
      address,
      place: 'inside',
      namespace: 'shop',
      owner: name,
      kind: 'Service',
      text: `shop/${name}`,
      zone: '',
      node: '',
    }
  })
  const peers = (place: Place, text: string, addresses: readonly string[]) =>
    addresses.map((address) => ({ address, place, text, namespace: '', owner: '', kind: '', zone: '', node: '' }))
  const ends = [
    ...pods,
    ...services,
    ...peers('private', 'private addresses', ['192.168.7.1', '172.31.255.255', '100.127.0.9', 'fd00::7', 'fe80::1']),
    ...peers('outside', 'internet', ['8.8.8.8', '172.32.0.1', '100.128.0.1', '11.0.0.1', '2a00::8', '223.1.1.1']),
  ]
  const flows = Array.from({ length: count }, () => flowsBetween(random, random.pick(ends), random.pick(ends))).flat()
  return { ends, flows }
}

/** Some flows are reported by the nodes of both ends, some by one, some by a router. */
function flowsBetween(random: SeededRandom, from: WorldEnd, to: WorldEnd): readonly WorldFlow[] {
  const bytes = random.pick([0, 1, 999, 1_000_000_007, 4_000_000_000_000, random.integer(1, 2 ** 31)])
  const flow = { from, to, bytes, sampling: random.pick([0, 1, 50, 1000]) }
  const seen = random.pick(['both', 'source', 'destination', 'router'] as const)
  if (seen === 'router') return [{ ...flow, direction: null }]
  return [...(seen === 'destination' ? [] : [1]), ...(seen === 'source' ? [] : [0])].map((direction) => ({
    ...flow,
    direction,
  }))
}

/** `cluster`: of all flows; empty: none. */
export function batchOf({ flows }: World, received: number, cluster = ''): FlowBatch {
  const batch = flowBatch(
    flows.map(({ from, to, bytes, sampling }) => ({
      src: from.address,
      dst: to.address,
      bytes,
      ...(sampling === 0 ? {} : { sampling }),
    })),
    received,
  )
  const dictionary = [...batch.dictionary]
  const text = (values: readonly string[]): Column => ({
    kind: 'dict',
    codes: Uint32Array.from(values, (value) => {
      if (value === '') return 0
      if (!dictionary.includes(value)) dictionary.push(value)
      return dictionary.indexOf(value)
    }),
  })
  const ends = (['src', 'dst'] as const).map((end) => {
    const of = flows.map(({ from, to }) => (end === 'src' ? from : to))
    return {
      [`${end}_namespace`]: text(of.map(({ namespace }) => namespace)),
      [`${end}_owner_name`]: text(of.map(({ owner }) => owner)),
      [`${end}_kind`]: text(of.map(({ kind }) => kind)),
      [`${end}_owner_kind`]: text(of.map(({ owner }) => (owner === '' ? '' : 'Deployment'))),
      [`${end}_zone`]: text(of.map(({ zone }) => zone)),
      [`${end}_node`]: text(of.map(({ node }) => node)),
    }
  })
  const valid = new Uint8Array((flows.length + 7) >> 3)
  flows.forEach(({ direction }, row) => {
    if (direction !== null) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7))
  })
  const values = Uint8Array.from(flows, ({ direction }) => direction ?? 0)
  const columns = {
    ...batch.columns,
    ...Object.assign({}, ...ends),
    cluster: text(flows.map(() => cluster)),
    node_direction: { kind: 'u8', values, valid },
  } as FlowBatch['columns']
  return { ...batch, dictionary, columns }
}

const quoted = (value: string) => (value === '' ? 'NULL' : `'${value}'`)

/** Zones are `<region>-<letter>`; only the table of ends says where an address is. */
export function moneySql({ ends }: World, list: PriceList, groups: string): string {
  const table = ends.map(({ address, place, text, namespace, kind, zone, node }) => {
    const region = zone.replace(/-[a-z]$/, '')
    return `(${[address, place, text, namespace, kind, zone, node, region].map(quoted).join(', ')})`
  })
  const unit = list.unit === 'GiB' ? 2 ** 30 : 1e9
  const price = (kind: string) => list.prices.find((candidate) => candidate.kind === kind)?.price ?? '0'
  return `WITH ends(addr, place, label, ns, kind, zone, node, region) AS (VALUES ${table.join(', ')}),
    once AS (SELECT src_addr, dst_addr, bytes_est FROM flows
      WHERE NOT (coalesce(node_direction, 0) = 1 AND dst_owner_name IS NOT NULL)),
    placed AS (SELECT a.label AS from_label, b.label AS to_label, a.ns AS from_ns, b.ns AS to_ns, a.place AS from_place,
      bytes_est, CASE
        WHEN a.place = 'inside' AND b.place = 'inside' AND a.zone <> b.zone
          THEN CASE WHEN a.region = b.region THEN ${price('cross_zone')} ELSE ${price('cross_region')} END
        WHEN a.place = 'inside' AND b.place = 'outside'
          THEN ${price('egress')} + CASE WHEN a.kind = 'Service' THEN ${price('load_balancer')} ELSE 0 END
        WHEN a.place = 'outside' AND b.place = 'inside'
          THEN ${price('ingress')} + CASE WHEN b.kind = 'Service' THEN ${price('load_balancer')} ELSE 0 END
        ELSE 0 END AS price
      FROM once JOIN ends a ON src_addr = a.addr JOIN ends b ON dst_addr = b.addr)
    SELECT ${groups}, (sum(bytes_est::DECIMAL(38, 0) * (price * 1000000000)::BIGINT)::DECIMAL(38, 0))::VARCHAR AS units,
      sum(bytes_est)::VARCHAR AS bytes, ${unit}::BIGINT::VARCHAR AS unit FROM placed GROUP BY ALL`
}

/** Of a row of {@link moneySql}, in hundredths of a cent. */
export function basisPoints({ units, unit }: Readonly<{ units: string; unit: string }>): bigint {
  const divisor = BigInt(unit) * 10n ** 5n
  return (2n * BigInt(units.split('.')[0]!) + divisor) / (2n * divisor)
}
