// A branch office behind a firewall, and tenants of two racks with one VXLAN fabric.
import { SeededRandom } from '../test/kit/random.ts'
import type { Flow } from './flow.ts'
import type { Tunnel } from './sflow.ts'
import { scanner } from './shop.ts'

export const branchNetworks = `  - {cidr: 10.30.0.0/16, label: branch}
  - {cidr: 10.40.0.1, name: leaf-1, label: fabric}
  - {cidr: 10.40.0.2, name: leaf-2, label: fabric}
`

/** They use the same addresses. */
const tenants: readonly Readonly<{ vni: number; client: string; server: string; port: number }>[] = [
  { vni: 5001, client: '172.16.1.10', server: '172.16.2.20', port: 443 },
  { vni: 5002, client: '172.16.1.10', server: '172.16.2.30', port: 5432 },
]

export const fabric: Tunnel = {
  from: '10.40.0.1',
  to: '10.40.0.2',
  vniOf: ({ dst }) => tenants.find(({ server }) => server === dst)?.vni ?? 0,
}

const tcp = 6
const whole = 0x1b
const onlySyn = 0x02

export class Branch {
  readonly #random: SeededRandom

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  /** At the firewall: visits of the web, and attempts from outside, which it denies. */
  atFirewall(stepMs: number): Flow[] {
    return [
      ...this.#times(2, stepMs, () => this.#visit()),
      ...this.#times(1.5, stepMs, () => ({
        ...this.#ends(scanner, `10.30.0.${this.#between(10, 13)}`, this.#pick([22, 23, 445, 3389])),
        packets: 1,
        bytes: 40,
        tcpFlags: onlySyn,
        duration: 0,
      })),
    ]
  }

  /** In the tunnels of the fabric. */
  inTunnels(stepMs: number): Flow[] {
    return this.#times(4, stepMs, () => {
      const { client, server, port } = this.#pick(tenants)
      return { ...this.#ends(client, server, port), ...this.#size(200) }
    })
  }

  #visit(): Flow {
    const server = `${this.#pick(['203.0.113', '198.51.100'])}.${this.#between(1, 254)}`
    return { ...this.#ends(`10.30.0.${this.#between(10, 13)}`, server, 443), ...this.#size(20) }
  }

  #ends(src: string, dst: string, dstPort: number) {
    return { src, dst, srcPort: this.#between(32_768, 60_999), dstPort, proto: tcp }
  }

  #size(most: number) {
    const packets = this.#between(4, most)
    return { packets, bytes: packets * this.#between(90, 1_400), tcpFlags: whole, duration: this.#between(50, 2_000) }
  }

  #times(rate: number, stepMs: number, make: () => Flow): Flow[] {
    const expected = (rate * stepMs) / 1000
    const count = Math.floor(expected) + (this.#random.next() < expected % 1 ? 1 : 0)
    return Array.from({ length: count }, make)
  }

  #between(low: number, high: number) {
    return low + Math.floor(this.#random.next() * (high - low + 1))
  }

  #pick<T>(from: readonly T[]) {
    return from[Math.floor(this.#random.next() * from.length)] as T
  }
}
