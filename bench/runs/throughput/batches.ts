// Seeded batches of the real codecs: NetFlow v5 datagrams, and events of 1 KB like an audit trail.
import { Netflow5Decoder } from '../../../src/codecs/netflow5/decode.ts'
import type { EventBatch, FlowBatch } from '../../../src/model/batches.ts'
import type { Column } from '../../../src/model/columns.ts'
import { toEventBatch } from '../../../src/model/events.ts'
import { FlowBuilder } from '../../../src/model/flow-builder.ts'
import { SeededRandom } from '../../../test/kit/random.ts'

const start = Date.UTC(2026, 10, 20, 8)
const services = [443, 443, 443, 443, 80, 53, 53, 5432, 6443, 9092, 22, 8080]

/** Rows of a unit of the netflow source: up to 512 KiB uncompressed. */
const rowsOfUnit = 3600

/** Addresses of each end; with a larger `skew`, fewer of them are in most flows. */
export type Ends = Readonly<{ addresses: number; skew: number }>

/** Half of all draws fall into the first few hundred. */
const usualEnds: Ends = { addresses: 50_000, skew: 4 }

export function flowBatches(seed: number, count: number): FlowBatch[] {
  return [...flowBatchesBetween(usualEnds, seed, count)]
}

export function* flowBatchesBetween(ends: Ends, seed: number, count: number): Generator<FlowBatch, void, undefined> {
  const random = new SeededRandom(seed)
  const flows = new FlowBuilder(rowsOfUnit)
  const decoder = new Netflow5Decoder(flows)
  const from = { exporter: Uint32Array.of(0, 0, 0xffff, 0x0a0000fe), time: start, skewLimit: 3_600_000 }
  for (let unit = 0; unit < count; unit++) {
    flows.reset()
    for (let row = 0; row < rowsOfUnit; row += 30)
      decoder.decode(datagram(random, start + unit * 100, ends), { ...from, time: start + unit * 100 + 3 })
    yield copyOf(flows.batch())
  }
}

function datagram(random: SeededRandom, time: number, { addresses, skew }: Ends): Uint8Array {
  const address = () => Math.floor(addresses * random.next() ** skew)
  const bytes = new Uint8Array(24 + 30 * 48)
  const view = new DataView(bytes.buffer)
  const uptime = 86_400_000 + (time - start)
  view.setUint16(0, 5)
  view.setUint16(2, 30)
  view.setUint32(4, uptime)
  view.setUint32(8, Math.floor(time / 1000))
  view.setUint32(12, (time % 1000) * 1_000_000)
  for (let at = 24; at < bytes.length; at += 48) {
    const tcp = random.chance(0.8)
    const answer = random.chance(0.5)
    const client = 1024 + random.integer(0, 64_000)
    const service = random.pick(services)
    const packets = Math.ceil(1 / (random.next() + 0.001))
    const length = random.chance(0.5) ? random.integer(1, 20) * 10 : random.integer(0, 30_000)
    view.setUint32(at, 0x0a000000 + address())
    view.setUint32(at + 4, 0x0a100000 + address())
    view.setUint32(at + 8, 0x0a000001)
    view.setUint16(at + 12, 1 + random.integer(0, 3))
    view.setUint16(at + 14, 10 + random.integer(0, 3))
    view.setUint32(at + 16, packets)
    view.setUint32(at + 20, packets * (random.chance(0.5) ? 1500 : random.integer(40, 1500)))
    view.setUint32(at + 24, uptime - length - random.integer(0, 100))
    view.setUint32(at + 28, uptime - random.integer(0, 100))
    view.setUint16(at + 32, answer ? service : client)
    view.setUint16(at + 34, answer ? client : service)
    view.setUint8(at + 37, tcp ? 0x1b : 0)
    view.setUint8(at + 38, tcp ? 6 : 17)
    view.setUint16(at + 40, 64_500)
    view.setUint16(at + 42, 64_500)
    view.setUint8(at + 44, 24)
    view.setUint8(at + 45, 24)
  }
  return bytes
}

/** The builder's next rows overwrite its columns. */
function copyOf(batch: FlowBatch): FlowBatch {
  return { ...batch, columns: structuredClone(batch.columns) as Record<string, Column> }
}

const verbs = ['create', 'update', 'patch', 'delete', 'get', 'list', 'watch']
const kinds = ['pods', 'deployments', 'services', 'configmaps', 'secrets', 'nodes', 'ingresses', 'jobs']

/** About `bytes` of JSON, like an entry of an audit trail. */
export function auditEntry(random: SeededRandom, bytes: number): string {
  const hex = (digits: number) => Buffer.from(random.bytes(digits / 2)).toString('hex')
  const namespace = `team-${random.integer(1, 400)}`
  const kind = random.pick(kinds)
  const entry = JSON.stringify({
    auditID: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    stage: 'ResponseComplete',
    verb: random.pick(verbs),
    requestURI: `/api/v1/namespaces/${namespace}/${kind}/${kind}-${hex(10)}`,
    sourceIPs: [`10.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`],
    user: {
      username: `system:serviceaccount:${namespace}:deployer-${random.integer(1, 20)}`,
      uid: hex(32),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    },
    userAgent: 'kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46',
    responseStatus: { metadata: {}, code: random.pick([200, 201, 404, 409]) },
    requestReceivedTimestamp: new Date(start + random.integer(0, 3_600_000)).toISOString(),
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason':
        `RBAC: allowed by RoleBinding "deployers/${namespace}" of Role "deployer" to ` +
        `ServiceAccount "deployer/${namespace}"`,
    },
    note: '',
  })
  // Prose: repeated words with numbers between.
  let note = ''
  while (entry.length + note.length < bytes)
    note += `step ${random.integer(1, 9999)} done in ${random.integer(1, 500)} ms; `
  return `${entry.slice(0, -2)}${note.slice(0, Math.max(0, bytes - entry.length))}"}`
}

export function eventBatches(seed: number, count: number): EventBatch[] {
  const random = new SeededRandom(seed)
  const utf8 = new TextEncoder()
  return Array.from({ length: count }, (_, batch) =>
    toEventBatch(
      Array.from({ length: 100 }, (_, i) => ({
        id: `${batch}-${i}-${random.integer(0, 2 ** 31)}`,
        source: '/audit/cluster-1',
        type: 'io.example.audit',
        subject: `team-${random.integer(1, 400)}`,
        time: start + batch * 100 + i,
        datacontenttype: 'application/json',
        family: 'audit' as const,
        encoding: 'json' as const,
        data: utf8.encode(auditEntry(random, 1000)),
      })),
    ),
  )
}
