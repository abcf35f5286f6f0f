/** Prometheus remote write 1.0 (`WriteRequest`) and 2.0 (`io.prometheus.write.v2.Request`), not compressed. */
export { eachSeries, inChunks, samplesOf, type Entry, type Labels, type WriteOptions } from './entries.ts'
export { encodeSample } from './sample.ts'
export { encodeV1 } from './v1.ts'
export { encodeV2 } from './v2.ts'
export { namedEntries, seriesText } from './named.ts'
