// A cloud, a journal and a test clock for one tracker of source `otc-cts`.
import { otcCtsSchema } from '../../src/connectors/otc-cts/config.ts'
import { retentionMs, trackerPartition, type TrackerPartition } from '../../src/connectors/otc-cts/source-partition.ts'
import { sessionOf } from '../../src/connectors/otc-cts/client-project.ts'
import type { PollLimits } from '../../src/polling/partition.ts'
import { Checkpoint } from '../../src/polling/checkpoint.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { QueryScene, minute } from './query-scene.ts'
import { CtsServer, type CtsProject } from './cts.ts'

export { minute }
export const ctsStart = Date.parse('2024-03-19T11:05:00.000Z')
export const accessKey = 'AKEXAMPLE0000000TEST'
export type WrittenCts = Partial<WrittenConfigOf<typeof otcCtsSchema>>

export class CtsScene extends QueryScene {
  readonly server: CtsServer
  readonly project: CtsProject
  readonly #sessions: { close(): void }[] = []

  private constructor(server: CtsServer) {
    super('cts', ctsStart)
    this.server = server
    server.now = () => this.now
    this.project = server.project('eu-de_prod')
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.close()
    await this.server.stop()
  }

  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<CtsScene> {
    return new CtsScene(await new CtsServer(undefined, tls).start())
  }

  /** Requests for traces. */
  queries(): Readonly<Record<string, string>>[] {
    return this.server.requests(/trace/).map(({ query }) => query)
  }

  /** Starts Weir once; its checkpoint is in the journal. */
  async place(
    written: WrittenCts = {},
    limits?: PollLimits,
  ): Promise<{ poll(): Promise<void>; readonly place: TrackerPartition }> {
    const config = configFrom(otcCtsSchema, {
      iam: `${this.server.url}/v3`,
      auth: { type: 'keys', access_key: accessKey, secret_key: this.server.keys.get(accessKey) ?? '' },
      projects: [{ name: 'eu-de_prod' }],
      look_back: '5m',
      ...written,
    })
    const context = this.context()
    const checkpoint = new Checkpoint(context, retentionMs)
    await checkpoint.restore()
    const session = sessionOf(config, config.projects[0], context)
    this.#sessions.push(session)
    const place = trackerPartition({
      config,
      context,
      session,
      checkpoint,
      project: 'eu-de_prod',
      tracker: config.projects[0]?.trackers[0] ?? 'system',
      ...(limits === undefined ? {} : { limits }),
    })
    return { place, poll: () => place.poll(this.signal) }
  }
}
