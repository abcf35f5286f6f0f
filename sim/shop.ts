import type { AuditRecord } from '../src/model/audit.ts'
import { SeededRandom } from '../test/kit/random.ts'
import type { Flow } from './flow.ts'

export type ShopEvent = Readonly<{
  specversion: '1.0'
  id: string
  source: string
  type: string
  subject: string
  time: string
  datacontenttype: 'application/json'
  weirfamily?: string
  weirref?: string
  data: object
}>

const web = ['10.20.1.11', '10.20.1.12']
const api = '10.20.1.21'
const database = '10.20.2.31'
const names = '10.20.0.53'
const job = '10.20.3.41'
const backup = '10.20.3.50'
export const scanner = '192.0.2.66'
const apiRolledOut = '10.20.1.22'

export const addresses = { web, api, apiRolledOut, database, names, job, backup } as const

export const shopNetworks = `networks:
  - {cidr: 10.20.0.0/16, label: shop}
  - {cidr: 10.20.0.53, name: dns}
  - {cidr: 10.20.1.11, name: web-1}
  - {cidr: 10.20.1.12, name: web-2}
  - {cidr: 10.20.1.21, name: api}
  - {cidr: 10.20.1.22, name: api}
  - {cidr: 10.20.2.31, name: database}
  - {cidr: 10.20.3.41, name: nightly-job}
  - {cidr: 10.20.3.50, name: backup}
  - {cidr: 203.0.113.0/24, name: customer, label: internet}
  - {cidr: 198.51.100.0/24, name: customer, label: internet}
  - {cidr: 192.0.2.66, name: scanner, label: internet}
`

/** Customers are in two countries. */
export const shopCountries = {
  '203.0.113.0/24': { autonomous_system_number: 64_500, country: { iso_code: 'DE' } },
  '198.51.100.0/24': { autonomous_system_number: 64_501, country: { iso_code: 'US' } },
  '192.0.2.0/24': { autonomous_system_number: 64_502, country: { iso_code: 'BR' } },
}

export function deviceOf({ src, dst, srcPort, dstPort }: Flow): 'edge' | 'core' | 'storage' | 'agents' {
  if (!src.startsWith('10.') || !dst.startsWith('10.')) return 'edge'
  if (src === backup || dst === backup) return 'storage'
  const isLookup = srcPort === 53 || dstPort === 53
  return !isLookup && (src === job || dst === job) ? 'core' : 'agents'
}

const tcp = 6
const udp = 17
const wholeConnection = 0x1b
const onlySyn = 0x02
const refused = 0x06

const incident = { first: 45_000, lasts: 40_000, every: 180_000 }

export function isRolledOut(at: number): boolean {
  return at >= incident.first && (at - incident.first) % incident.every < incident.lasts
}

const people = ['alice', 'bob', 'carol']

type End = Readonly<{ address: string; port: number }>

export class Shop {
  readonly #random: SeededRandom
  readonly #run: string
  #orders = 1000
  #events = 0
  #due = { order: 0, audit: 500 }

  constructor(seed: number, run: string) {
    this.#random = new SeededRandom(seed)
    this.#run = run
  }

  flows(at: number, step: number): Flow[] {
    const flows: Flow[] = []
    const wave = 0.6 + 0.4 * Math.sin((2 * Math.PI * at) / 300_000)
    this.#times(10 * wave, step, () => flows.push(...(isRolledOut(at) ? this.#failedVisit() : this.#visit())))
    this.#times(5, step, () => flows.push(...this.#lookup()))
    const minute = at % 60_000
    if (minute > 4_000 && minute < 16_000) this.#times(3, step, () => flows.push(...this.#nightlyJob()))
    const scan = at % 90_000
    if (scan > 8_000 && scan < 14_000) this.#times(25, step, () => flows.push(this.#probe()))
    return flows
  }

  events(at: number, now: number): ShopEvent[] {
    const events: ShopEvent[] = []
    const time = new Date(now).toISOString()
    for (; this.#due.order <= at; this.#due.order += this.#between(400, 1600)) events.push(this.#order(time))
    for (; this.#due.audit <= at; this.#due.audit += this.#between(2500, 5000)) events.push(this.#audit(time))
    return events
  }

  #visit(): Flow[] {
    const customer = `${this.#pick(['203.0.113', '198.51.100'])}.${this.#between(1, 254)}`
    const server = this.#pick(web)
    const port = this.#between(32_768, 60_999)
    const exchange = this.#exchange(
      { address: customer, port },
      { address: server, port: 443 },
      { up: this.#between(4, 14), down: this.#between(10, 160) },
    )
    if (this.#random.next() < 0.3) return exchange
    const behind = this.#exchange(
      this.#client(server),
      { address: api, port: 8080 },
      { up: this.#between(3, 8), down: this.#between(4, 20) },
    )
    return [
      ...exchange,
      ...behind,
      ...this.#exchange(
        this.#client(api),
        { address: database, port: 5432 },
        { up: this.#between(3, 9), down: this.#between(3, 40) },
      ),
    ]
  }

  #failedVisit(): Flow[] {
    const customer = `${this.#pick(['203.0.113', '198.51.100'])}.${this.#between(1, 254)}`
    const server = this.#pick(web)
    const knock = (): Flow => ({
      src: apiRolledOut,
      dst: database,
      srcPort: this.#between(32_768, 60_999),
      dstPort: 5432,
      proto: tcp,
      packets: 1,
      bytes: 60,
      tcpFlags: refused,
      duration: 0,
    })
    return [
      ...this.#exchange(
        this.#client(customer),
        { address: server, port: 443 },
        { up: this.#between(4, 8), down: this.#between(3, 6) },
      ),
      ...this.#exchange(
        this.#client(server),
        { address: apiRolledOut, port: 8080 },
        { up: this.#between(3, 6), down: this.#between(2, 4) },
      ),
      knock(),
      knock(),
      knock(),
    ]
  }

  #lookup(): Flow[] {
    const asks = this.#pick([...web, api, job])
    const port = this.#between(32_768, 60_999)
    return [
      {
        src: asks,
        dst: names,
        srcPort: port,
        dstPort: 53,
        proto: udp,
        packets: 1,
        bytes: this.#between(58, 80),
        tcpFlags: 0,
        duration: 0,
      },
      {
        src: names,
        dst: asks,
        srcPort: 53,
        dstPort: port,
        proto: udp,
        packets: 1,
        bytes: this.#between(90, 300),
        tcpFlags: 0,
        duration: 0,
      },
    ]
  }

  /** Its end is less than the drop of a rollout. */
  #nightlyJob(): Flow[] {
    return [
      ...this.#exchange(
        this.#client(job),
        { address: database, port: 5432 },
        { up: this.#between(5, 15), down: this.#between(30, 90) },
      ),
      ...this.#exchange(
        this.#client(job),
        { address: backup, port: 22 },
        { up: this.#between(30, 90), down: this.#between(5, 15) },
      ),
    ]
  }

  #probe(): Flow {
    const dst = this.#pick([...web, api, database, names, job, backup])
    return {
      src: scanner,
      dst,
      srcPort: this.#between(40_000, 41_000),
      dstPort: this.#between(1, 10_000),
      proto: tcp,
      packets: 1,
      bytes: 40,
      tcpFlags: onlySyn,
      duration: 0,
    }
  }

  #client(address: string): End {
    return { address, port: this.#between(32_768, 60_999) }
  }

  /** Packets in both directions. */
  #exchange(client: End, server: End, { up, down }: Readonly<{ up: number; down: number }>): Flow[] {
    const duration = this.#between(5, 2_000)
    const flow = (src: End, dst: End, packets: number): Flow => ({
      src: src.address,
      dst: dst.address,
      srcPort: src.port,
      dstPort: dst.port,
      proto: tcp,
      packets,
      bytes: packets * this.#between(52, 1_400),
      tcpFlags: wholeConnection,
      duration,
    })
    return [flow(client, server, up), flow(server, client, down)]
  }

  #order(time: string): ShopEvent {
    const number = ++this.#orders
    const items = this.#between(1, 5)
    return {
      ...this.#envelope(time, '/shop/orders', 'com.example.shop.order.placed', `order/${number}`),
      data: { number, items, total: Number((items * (4 + 40 * this.#random.next())).toFixed(2)), currency: 'EUR' },
    }
  }

  #audit(time: string): ShopEvent {
    const user = this.#pick(people)
    const action = this.#pick(['readOrder', 'listOrders', 'updatePrice', 'deleteOrder'])
    const allowed = action !== 'deleteOrder' || user === 'alice'
    const name = this.#pick(['order-1001', 'order-1002', 'coffee'])
    const audit: AuditRecord = {
      actor: { kind: 'user', name: user, domain: 'shop', address: '192.0.2.10' },
      action,
      service: 'desk',
      resource: { type: action === 'updatePrice' ? 'price' : 'order', name },
      tenant: 'shop',
      region: 'eu-1',
      outcome: allowed ? 'success' : 'failure',
      severity: allowed ? 'normal' : 'warning',
    }
    return {
      ...this.#envelope(time, '/shop/desk', `com.example.shop.${action}`, name),
      weirfamily: 'audit',
      weirref: `shop:desk/${audit.resource?.type}/item/${name}`,
      data: { audit },
    }
  }

  #envelope(time: string, source: string, type: string, subject: string): Omit<ShopEvent, 'data'> {
    return {
      specversion: '1.0',
      id: `${this.#run}-${++this.#events}`,
      source,
      type,
      subject,
      time,
      datacontenttype: 'application/json',
    }
  }

  #times(rate: number, step: number, act: () => void) {
    const expected = (rate * step) / 1000
    const count = Math.floor(expected) + (this.#random.next() < expected % 1 ? 1 : 0)
    for (let i = 0; i < count; i++) act()
  }

  #between(low: number, high: number) {
    return low + Math.floor(this.#random.next() * (high - low + 1))
  }

  #pick<T>(from: readonly T[]) {
    return from[Math.floor(this.#random.next() * from.length)] as T
  }
}
