// A journal, a test clock and a stand-in of Open Telekom Cloud with two regions for source `otc-inventory`.
import { expect, onTestFinished } from 'vitest'
import { otcInventorySchema } from '../../src/connectors/otc-inventory/config.ts'
import { openOtcInventory } from '../../src/connectors/otc-inventory/source.ts'
import { cloudTypes, type CloudChange } from '../../src/model/cloud.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import type { Labels, MetricName } from '../../src/telemetry/ports.ts'
import type { CtsProject } from './cts.ts'
import { OtcServer } from './otc.ts'
import { QueryScene } from './query-scene.ts'

const start = Date.parse('2026-11-21T11:05:00.000Z')
export const access = 'AKEXAMPLE0000000TEST'
export type WrittenOtc = Partial<WrittenConfigOf<typeof otcInventorySchema>>
export type Seen = CloudChange & Readonly<{ kind: string }>

export class OtcScene extends QueryScene {
  readonly server: OtcServer
  readonly de: CtsProject
  readonly nl: CtsProject

  constructor(server: OtcServer) {
    super('otc', start)
    this.server = server
    server.now = () => this.now
    this.de = server.project('eu-de')
    this.nl = server.project('eu-nl')
  }

  config(written: WrittenOtc = {}): ReturnType<typeof configFrom<typeof otcInventorySchema>> {
    return configFrom(otcInventorySchema, {
      iam: `${this.server.url}/v3`,
      auth: { type: 'keys', access_key: access, secret_key: this.server.keys.get(access) ?? '' },
      ...written,
    })
  }

  /** Starts Weir, and stops it when the condition holds. */
  async run(until: () => unknown, written: WrittenOtc = {}): Promise<void> {
    const source = await openOtcInventory(this.config(written), this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 60_000 }).toBe(true)
    abort.abort()
    await done
  }

  get bodies(): readonly Seen[] {
    return this.events
      .filter(({ type }) => type !== cloudTypes.baseline)
      .map(({ type, data }) => ({
        ...(JSON.parse(new TextDecoder().decode(data)) as CloudChange),
        kind: type.slice('weir.cloud.'.length),
      }))
  }

  of(type: string): readonly Seen[] {
    return this.bodies.filter((one) => one.type === type)
  }

  get baselines(): number {
    return this.events.filter(({ type }) => type === cloudTypes.baseline).length
  }

  cloud(name: MetricName, labels: Labels, project = this.de): number {
    return this.metrics.value(name, { provider: 'otc', account: project.id, ...labels })
  }

  errors(collector: string, reason: string, project = this.de): number {
    return this.cloud('cloud_collector_errors_total', { region: project.name, collector, reason }, project)
  }

  requests(part: RegExp): number {
    return this.server.requests(part).length
  }

  /** Whether a path was read this often since. */
  rounds(part: RegExp, count: number): () => boolean {
    const before = this.requests(part)
    return () => this.requests(part) >= before + count
  }
}

export async function otcScene(): Promise<OtcScene> {
  const server = await new OtcServer().start()
  onTestFinished(() => server.stop())
  return new OtcScene(server)
}

/** One region. */
export const one: WrittenOtc = { projects: [{ name: 'eu-de' }] }
export const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
export const server = (number: number, more: object = {}): Record<string, unknown> => ({
  id: uuid(number),
  name: `web-${number}`,
  status: 'ACTIVE',
  created: '2026-10-01T08:00:00Z',
  flavor: { id: 's3.medium.1', name: 's3.medium.1', vcpus: '1', ram: '1024', disk: '0' },
  metadata: { vpc_id: 'v', os_type: 'Linux', charging_mode: '0' },
  tags: ['team=shop', '__sys=x'],
  addresses: {
    v: [
      { addr: '10.0.0.4', 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS:port_id': uuid(900) },
      { addr: '203.0.113.4', 'OS-EXT-IPS:type': 'floating' },
    ],
  },
  'OS-EXT-SRV-ATTR:user_data': 'a password in user data',
  ...more,
})
export const volume = (
  number: number,
  servers: readonly number[] = [1],
  more: object = {},
): Record<string, unknown> => ({
  id: uuid(100_000 + number),
  name: `disk-${number}`,
  status: servers.length > 0 ? 'in-use' : 'available',
  size: 40,
  volume_type: 'SSD',
  created_at: '2026-10-01T08:00:00.392463',
  tags: { team: 'shop' },
  attachments: servers.map((id) => ({ server_id: uuid(id) })),
  ...more,
})
export const [servers, volumes] = ['/v1/{project}/cloudservers/detail', '/v2/{project}/cloudvolumes/detail'] as const
