import type { InMessage } from '../../codecs/bus-message/read.ts'
import { decodeHeader } from '../../codecs/cloudevents/index.ts'

type Stored = Readonly<{
  stream: string
  sequence: number
  subject: string
  /** Unix ms. */
  time: number
  headers: Iterable<readonly [name: string, values: readonly string[]]>
  data: Uint8Array
}>

/** CloudEvents attributes from `ce-` headers, percent-encoded as in HTTP. Messages of one subject are ordered. */
export function fromMessage({ stream, sequence, subject, time, headers, data }: Stored): InMessage {
  const attributes: Record<string, string> = {}
  let contentType: string | undefined
  for (const [written, [value = '']] of headers) {
    const name = written.toLowerCase()
    if (name === 'content-type') contentType = value
    else if (name.startsWith('ce-')) attributes[name.slice(3)] = decodeHeader(name.slice(3), value)
  }
  return { attributes, contentType, body: data, place: `${stream}/${sequence}`, time, key: subject }
}
