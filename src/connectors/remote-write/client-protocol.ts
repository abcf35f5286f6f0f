import { encodeV1, encodeV2, type Entry, type WriteOptions } from '../../codecs/remote-write/index.ts'
import { snappyCompress } from '../../codecs/snappy/index.ts'

export type Version = 'v1' | 'v2'

const contentTypes = {
  v1: 'application/x-protobuf',
  v2: 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
} as const
const versions = { v1: '0.1.0', v2: '2.0.0' } as const
const encoders = { v1: encodeV1, v2: encodeV2 } as const

export function headersOf(version: Version): Record<string, string> {
  return {
    'content-type': contentTypes[version],
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': versions[version],
    'user-agent': 'weir',
  }
}

export function bodyOf(version: Version, entries: readonly Entry[], options: WriteOptions): Uint8Array {
  return snappyCompress(encoders[version](entries, options))
}

/** Statuses with which receivers of 1.0 refuse an unknown content type or a message that they cannot decode. */
const unknownType = new Set([400, 404, 405, 406, 415, 422, 501])

/** 415, or a response without the count of written samples. `isKnown`: the receiver has accepted 2.0 before. */
export function lacksV2(
  status: number,
  written: number | undefined,
  { isKnown }: Readonly<{ isKnown: boolean }>,
): boolean {
  if (status === 415) return true
  if (written !== undefined) return false
  return (status >= 200 && status < 300) || (!isKnown && unknownType.has(status))
}
