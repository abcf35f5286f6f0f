// The mixed load of a Weir in use: flows and events, two sinks, queries, a live view.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventClient } from '../kit/event-client.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { FlowSender } from '../kit/flow-sender.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

const questions = [
  'SELECT src_addr, sum(bytes_est) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 10',
  "SELECT date_trunc('minute', time_received) AS minute, count(*) AS rows, sum(packets) AS packets FROM " +
    'flows GROUP BY minute ORDER BY minute',
  'SELECT count(*) AS rows, count(DISTINCT key) AS keys FROM events',
  'SELECT * FROM events ORDER BY time_received DESC LIMIT 100',
]

/** Takes minutes unless it is stopped. */
const endless =
  'SELECT sum(a.range % (b.range + flows.rows + 1)) FROM range(1000000) a, range(1000000) b, (SELECT ' +
  'count(*) AS rows FROM flows) flows'
const mostPatienceMs = 400

export class MixedLoad {
  readonly weir: WeirProcess
  readonly client: EventClient
  readonly sender: FlowSender
  readonly receiver: EventReceiver
  queriesSent = 0
  questionsAborted = 0
  readonly failures: string[] = []
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  private constructor(weir: WeirProcess, receiver: EventReceiver) {
    this.weir = weir
    this.receiver = receiver
    this.client = new EventClient({ url: weir.url, connections: 2, batch: 20, pause: 40, padding: 500 })
    this.sender = new FlowSender({ port: weir.ports.netflow, rate: 3000 })
  }

  static async start(folder: string): Promise<MixedLoad> {
    const receiver = await EventReceiver.start()
    const weir = await startWeir({
      folder,
      config: {
        // Small, so that segments rotate and files are merged often.
        journal: { segment: '4MiB', keep: '16MiB' },
        sinks: {
          hook: { type: 'http', url: receiver.url, mode: 'batched', from: ['http'] },
          archive: { type: 'file', path: join(folder, 'archive.jsonl'), only: { family: ['event'] } },
        },
      },
    })
    const load = new MixedLoad(weir, receiver)
    load.client.start()
    await load.sender.start()
    load.#running = Promise.all([load.#ask(), load.#askAndLeave(), load.#watchLive()])
    return load
  }

  /** Stops the input; resolves when everything sent is acknowledged. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    await this.client.stop()
    await sleep(500)
    await this.sender.close()
  }

  async close(): Promise<void> {
    await this.weir.stop()
    await this.receiver.close()
  }

  async #ask(): Promise<void> {
    for (let turn = 0; !this.#stopping.signal.aborted; turn++) {
      try {
        await this.weir.sql(questions[turn % questions.length] ?? 'SELECT 1')
        this.queriesSent++
      } catch (error) {
        this.failures.push(String(error))
      }
      await sleep(1000, undefined, { signal: this.#stopping.signal }).catch(() => {})
    }
  }

  /** Repeatedly disconnects before the response. */
  async #askAndLeave(): Promise<void> {
    for (let turn = 0; !this.#stopping.signal.aborted; turn++) {
      const leave = AbortSignal.timeout((turn * 37) % mostPatienceMs)
      try {
        const answer = await fetch(`${this.weir.url}/api/v1/sql`, {
          method: 'POST',
          signal: leave,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ sql: endless, format: 'json' }),
        })
        this.failures.push(`an endless question was answered with ${answer.status} ${await answer.text()}`)
      } catch (error) {
        if (leave.aborted) this.questionsAborted++
        else this.failures.push(String(error))
      }
      await sleep(100)
    }
  }

  async #watchLive(): Promise<void> {
    const { signal } = this.#stopping
    const views = [
      { id: 'rows', kind: 'rows', q: { stream: 'flows' } },
      { id: 'series', kind: 'series', q: { stream: 'flows' }, scope: ['dst_addr'] },
      { id: 'graph', kind: 'graph', q: { stream: 'flows' } },
    ]
    try {
      await fetch(`${this.weir.url}/api/v1/live/soak-session`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ views }),
      })
      const answer = await fetch(`${this.weir.url}/api/v1/live?sid=soak-session`, { signal })
      for await (const _ of answer.body as AsyncIterable<Uint8Array>) if (signal.aborted) break
    } catch (error) {
      if (!signal.aborted) this.failures.push(`the live stream broke off: ${String(error)}`)
    }
  }
}
