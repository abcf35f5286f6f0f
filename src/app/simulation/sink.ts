import type { Host } from '../../host/index.ts'
import type { Preview, Sink, SinkBatch, SinkDefinition } from '../../engine/contracts.ts'
import type { Failure } from '../../model/outcome.ts'
import { messageOf } from '../../model/errors.ts'
import type { Receipts, Weather } from './outside.ts'

export type Target = Readonly<{
  accepts: SinkDefinition<unknown>['accepts']
  idempotency: SinkDefinition<unknown>['idempotency']
  /** Messages of the real sink, without its connection. */
  preview: ((batch: SinkBatch) => Iterable<Preview>) | undefined
  /** The store of this machine is not on the network. */
  isLocal: boolean
  /** Rows per second, as simulated. */
  takes: number
  /** Simulated rows of one request. */
  perRequest: number
  largest: number
  receipts: Receipts
}>

const requestMs = 20
const refusalMs = 200
const timeoutMs = 10_000
const slowFactor = 20

/** A system that accepts rows at its speed, counts them, and fails in the faults of `Weather`. */
export function simulatedSink(type: string, target: Target, weather: Weather): SinkDefinition<unknown> {
  const { accepts, idempotency } = target
  return {
    type,
    accepts,
    idempotency,
    build: (_, { host }) =>
      Promise.resolve<Sink>({
        send: (batch, signal) => new TargetRequest(target, weather, host).send(batch, signal),
        close: () => Promise.resolve(),
      }),
  }
}

class TargetRequest {
  readonly #target: Target
  readonly #weather: Weather
  readonly #host: Host

  constructor(target: Target, weather: Weather, host: Host) {
    this.#target = target
    this.#weather = weather
    this.#host = host
  }

  async send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> {
    await this.#cut(batch, signal)
    await this.#reach(signal)
    const { takes, perRequest } = this.#target
    const usualMs = Math.max(requestMs * Math.max(1, batch.count / perRequest), (1000 * batch.count) / takes)
    const factor = this.#weather.slow && !this.#target.isLocal ? slowFactor : 1
    await this.#host.timers.sleep(Math.ceil(usualMs * factor), signal)
    if (signal.aborted) throw new Error('the request was aborted')
    // The connection broke while the request was under way.
    await this.#reach(signal)
    return this.#take(batch)
  }

  /** The target takes the rows, and its response is lost. */
  async #cut(batch: SinkBatch, signal: AbortSignal) {
    const { receipts, isLocal } = this.#target
    const { partition, partitions } = this.#weather
    if (!partition || isLocal || receipts.cuts === partitions) return
    receipts.cuts = partitions
    await this.#host.timers.sleep(refusalMs, signal)
    this.#take(batch)
    throw new Error('connection reset')
  }

  async #reach(signal: AbortSignal) {
    const { partition, hangs } = this.#weather
    if (!partition || this.#target.isLocal) return
    await this.#host.timers.sleep(hangs ? timeoutMs : refusalMs, signal)
    throw new Error(hangs ? `no response within ${timeoutMs / 1000} s` : 'connection refused')
  }

  #take(batch: SinkBatch): readonly Failure[] {
    const { receipts, largest } = this.#target
    const sizes = this.#sizes(batch)
    const failures: Failure[] = []
    let index = 0
    for (const { header, rows, firstRow } of batch.pieces)
      for (const row of rows) {
        const bytes = sizes?.[index] ?? 0
        if (bytes > largest) failures.push({ index, is: 'reject', reason: `larger than ${largest} bytes` })
        else receipts.take(header, firstRow + row)
        index++
      }
    receipts.refused['too large'] = (receipts.refused['too large'] ?? 0) + failures.length
    return failures
  }

  /** Bytes of each message. */
  #sizes(batch: SinkBatch): readonly number[] | undefined {
    const { preview, receipts } = this.#target
    if (preview === undefined) return undefined
    const sizes: number[] = []
    try {
      for (const message of preview(batch)) {
        if ('problem' in message) {
          receipts.problems++
          receipts.problem = message.problem
          sizes.push(0)
        } else {
          sizes.push(message.body.length)
          receipts.sent(message.to ?? '')
        }
      }
    } catch (error) {
      receipts.problems++
      receipts.problem = messageOf(error)
    }
    return sizes
  }
}
