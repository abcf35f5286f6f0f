import type { Base, Broker, Connection } from '@platformatic/kafka'
import type { Clock } from '../../../host/index.ts'
import { releaseBuffer } from '../../../model/release-buffer.ts'
import type { Library } from './connect.ts'
import type { ProduceApi, ProducedBatch, ProduceResponse } from './produce.ts'
import type { Sequences } from './sequence.ts'
import type { KafkaConfig } from '../config.ts'
import { recordBatch, type Compression, type Records } from '../map/records.ts'

export type Live = Readonly<{
  library: Library
  base: Base
  produce: ProduceApi
}>

export type BatchResponse =
  | Readonly<{ code: number; message: string | null }>
  | Readonly<{ lost: string; maybeStored: boolean }>

export type RequestOptions = Readonly<{
  config: Pick<KafkaConfig, 'compression' | 'timeout'>
  clock: Clock
  signal: AbortSignal
  orStop: <T>(promise: Promise<T>) => Promise<T>
  whyLost: (error: unknown, broker: Broker | undefined) => string
}>

type Chosen = Readonly<{
  partitionId: string
  topic: string
  partition: number
  records: Records
  chosen: readonly number[]
}>

export class Requests {
  readonly #live: Live
  readonly #sequences: Sequences
  readonly #options: RequestOptions
  readonly #compression: Compression | undefined
  lost = false

  constructor(live: Live, sequences: Sequences, options: RequestOptions) {
    this.#live = live
    this.#sequences = sequences
    this.#options = options
    this.#compression = compressionOf(live.library, options.config.compression)
  }

  async send(leader: number, chunks: readonly Chosen[]): Promise<Map<string, BatchResponse>> {
    const {
      orStop,
      whyLost,
      config: { timeout },
      signal,
    } = this.#options
    const { base, library, produce } = this.#live
    const all = (response: BatchResponse) => new Map(chunks.map(({ partitionId }) => [partitionId, response]))
    const broker = base.currentMetadata?.brokers.get(leader)
    const lost = (error: unknown, state: 'not stored' | 'maybe stored') => {
      const maybeStored = state === 'maybe stored'
      if (signal.aborted) return all({ lost: 'the sink is stopping', maybeStored })
      this.lost = true
      return all({ lost: whyLost(error, broker), maybeStored })
    }
    if (broker === undefined) return lost(new Error(`unknown broker ${leader}`), 'not stored')
    let connection: Connection
    try {
      connection = await orStop(base.connections.get(broker))
    } catch (error) {
      return lost(error, 'not stored')
    }
    const batches = await Promise.all(chunks.map((chunk) => this.#encoded(chunk)))
    let response: ProduceResponse
    try {
      response = await orStop(produce.async(connection, timeout, batches))
    } catch (error) {
      if (!(error instanceof library.ResponseError)) return lost(error, 'maybe stored')
      response = (error as unknown as { readonly response: ProduceResponse }).response
    }
    for (const { batch } of batches) releaseBuffer(batch, batch.buffer.byteLength)
    return new Map(
      response.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ index, errorCode, errorMessage }) => [
          `${name}:${index}`,
          { code: errorCode, message: errorMessage ?? null },
        ]),
      ),
    )
  }

  async #encoded({ partitionId, topic, partition, records, chosen }: Chosen): Promise<ProducedBatch> {
    const { producerId, producerEpoch } = this.#sequences.producer ?? { producerId: -1n, producerEpoch: 0 }
    const head = {
      producerId,
      producerEpoch,
      sequence: this.#sequences.next(partitionId),
      time: this.#options.clock.now(),
    }
    const { crc32c: checksum, Writer } = this.#live.library
    // The library copies other bytes.
    const crc32c = (bytes: Buffer) => checksum(Writer.create().append(bytes).dynamicBuffer)
    const compression = this.#compression
    const batch = await recordBatch(records, chosen, head, {
      crc32c,
      ...(compression === undefined ? {} : { compression }),
    })
    return { topic, partition, batch }
  }
}

function compressionOf({ compressionsAlgorithms }: Library, name: KafkaConfig['compression']): Compression | undefined {
  if (name === 'none') return undefined
  const algorithm = compressionsAlgorithms[name]
  // The asynchronous one does not block other work.
  const compress = 'compress' in algorithm ? algorithm.compress : algorithm.compressSync
  return { bitmask: algorithm.bitmask, compress }
}
