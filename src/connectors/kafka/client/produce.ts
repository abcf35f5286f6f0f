import type { API, Base } from '@platformatic/kafka'
import { apiOf, type Library } from './connect.ts'

export type ProducedBatch = Readonly<{
  topic: string
  partition: number
  batch: Buffer
}>

export interface ProduceResponse {
  readonly responses: readonly Readonly<{
    name: string
    partitionResponses: readonly Readonly<{
      index: number
      errorCode: number
      errorMessage?: string | null | undefined
    }>[]
  }>[]
}

export type ProduceApi = API<[timeout: number, batches: readonly ProducedBatch[]], ProduceResponse>

const produceKey = 0
const everyReplica = -1
/** First version with compact arrays and tagged fields. */
const firstCompact = 9

/** The library would build several objects and buffers for each record, which costs most of the time of a flow. */
export async function openProduce(library: Library, base: Base): Promise<ProduceApi> {
  const { version } = await apiOf(library, base, 'Produce')
  const { produceV3, produceV4, produceV5, produceV6, produceV7, produceV8, produceV9, produceV10, produceV11 } =
    library
  const parse = [produceV3, produceV4, produceV5, produceV6, produceV7, produceV8, produceV9, produceV10, produceV11][
    version - 3
  ]?.parseResponse
  if (parse === undefined) throw new Error(`version ${version} of the produce request is unknown`)
  const compact = version >= firstCompact
  const request = (timeout: number, batches: readonly ProducedBatch[]) => {
    const topics = [...Map.groupBy(batches, ({ topic }) => topic)]
    const writer = library.Writer.create()
      .appendString(null, compact)
      .appendInt16(everyReplica)
      .appendInt32(timeout)
      .appendArray(
        topics,
        (to, [topic, some]) => {
          to.appendString(topic, compact).appendArray(
            some,
            (of, { partition, batch }) => void of.appendInt32(partition).appendBytes(batch, compact),
            compact,
            compact,
          )
        },
        compact,
        compact,
      )
    return compact ? writer.appendTaggedFields() : writer
  }
  return library.createAPI(produceKey, version, request, parse, compact, compact)
}
