import type { FrameHeader } from './types.ts'

type Given = Pick<FrameHeader, 'sequence' | 'kind' | 'source' | 'count' | 'received'> & Partial<FrameHeader>

/** Header of rows outside the journal: the first frame of its source, without times and sizes unless given. */
export function frameHeader(given: Given): FrameHeader {
  return {
    firstRow: 0,
    more: false,
    part: 0,
    afterLoss: false,
    stream: given.source,
    epoch: 1,
    sourceSequence: given.sequence,
    sourceRows: 0,
    sourceDuplicates: 0,
    sourceShed: {},
    timeMin: Number.NaN,
    timeMax: Number.NaN,
    bodyBytes: 0,
    rawBytes: 0,
    ...given,
  }
}
