/** Requests of remote write as points. Throws with the reason. */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { sampleEvent, type SampleKind as Kind } from '../../codecs/samples/index.ts'
import { Occurrences } from '../../messaging/push-source.ts'
import type { WeirEvent } from '../../model/events.ts'

/** Of both versions; 0 and further numbers have no counterpart. */
const kinds: Readonly<Record<number, Kind>> = { 1: 'counter', 2: 'gauge', 3: 'histogram', 5: 'summary' }
const kinds2: Readonly<Record<number, Kind>> = { 1: 'counter', 2: 'gauge', 3: 'histogram', 4: 'gauge', 5: 'summary' }

type Sample = Readonly<{
  value: number
  isStale: boolean
  /** Unix ms. */
  at: number
}>

type Series = {
  labels: (readonly [string, string])[]
  samples: Sample[]
  kind: Kind | undefined
  unit: string | undefined
}

export type ReceivedSamples = Readonly<{
  events: readonly WeirEvent[]
  samples: number
  /** Native histograms, which are not stored. */
  histograms: number
  exemplars: number
}>

/** `take` returns false for a field that it does not read. */
function eachField(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean) {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (!take(field, reader)) reader.skip(type, field)
  }
}

/** Reads a float with the bits of the marker for a stale series. */
function sampleOf(bytes: Uint8Array): Sample {
  let [value, isStale, at] = [0, false, 0]
  eachField(bytes, (field, reader) => {
    if (field === 1) {
      const bits = BigInt.asUintN(64, BigInt(reader.fixed64()))
      isStale = bits === 0x7ff0000000000002n
      const view = new DataView(new ArrayBuffer(8))
      view.setBigUint64(0, bits)
      value = view.getFloat64(0)
    } else if (field === 2) at = Number(reader.int64())
    else return false
    return true
  })
  return { value, isStale, at }
}

/** `metadata`: kinds by name of a metric, from requests before; the request may add some. */
export function samplesOfV1(body: Uint8Array, metadata: Map<string, Kind>): ReceivedSamples {
  const all: Series[] = []
  let [histograms, exemplars] = [0, 0]
  eachField(body, (field, reader) => {
    if (field === 3) {
      readMetadata(reader.bytes(), metadata)
      return true
    }
    if (field !== 1) return false
    const series: Series = { labels: [], samples: [], kind: undefined, unit: undefined }
    eachField(reader.bytes(), (inner, fields) => {
      if (inner === 1) {
        let [name, value] = ['', '']
        eachField(fields.bytes(), (part, label) => {
          if (part === 1) name = label.string()
          else if (part === 2) value = label.string()
          else return false
          return true
        })
        series.labels.push([name, value])
      } else if (inner === 2) series.samples.push(sampleOf(fields.bytes()))
      else {
        if (inner === 3) exemplars++
        if (inner === 4) histograms++
        return false
      }
      return true
    })
    all.push(series)
    return true
  })
  for (const series of all) series.kind = kindOf(nameOf(series), metadata)
  return { ...eventsOf(all), histograms, exemplars }
}

const maxMetadata = 20_000

function readMetadata(bytes: Uint8Array, into: Map<string, Kind>) {
  let [type, name] = [0, '']
  eachField(bytes, (field, reader) => {
    if (field === 1) type = reader.int32()
    else if (field === 2) name = reader.string()
    else return false
    return true
  })
  const kind = kinds[type]
  if (kind !== undefined && into.size < maxMetadata) into.set(name, kind)
}

/** Metadata has the name of the family. */
function kindOf(name: string, metadata: ReadonlyMap<string, Kind>) {
  return metadata.get(name) ?? metadata.get(name.replace(/_(?:bucket|sum|count|total)$/, ''))
}

export function samplesOfV2(body: Uint8Array): ReceivedSamples {
  const symbols: string[] = []
  const encoded: Uint8Array[] = []
  eachField(body, (field, reader) => {
    if (field === 4) symbols.push(reader.string())
    else if (field === 5) encoded.push(reader.bytes())
    else return false
    return true
  })
  if (symbols[0] !== '') throw new Error('the first symbol is not empty')
  const symbol = (at: number) => {
    const text = symbols[at]
    if (text === undefined) throw new Error(`there is no symbol ${at}`)
    return text
  }
  let [histograms, exemplars] = [0, 0]
  const all = encoded.map((bytes) => {
    const series: Series = { labels: [], samples: [], kind: undefined, unit: undefined }
    const refs: number[] = []
    eachField(bytes, (field, reader) => {
      if (field === 1) {
        const packed = new BinaryReader(reader.bytes())
        while (packed.pos < packed.len) refs.push(packed.uint32())
      } else if (field === 2) series.samples.push(sampleOf(reader.bytes()))
      else if (field === 5)
        eachField(reader.bytes(), (inner, metadata) => {
          if (inner === 1) series.kind = kinds2[metadata.int32()]
          else if (inner === 4) series.unit = symbol(metadata.uint32())
          else return false
          return true
        })
      else {
        if (field === 3) histograms++
        if (field === 4) exemplars++
        return false
      }
      return true
    })
    if (refs.length % 2 !== 0) throw new Error('the labels of a series are incomplete')
    for (let at = 0; at < refs.length; at += 2) series.labels.push([symbol(refs[at]!), symbol(refs[at + 1]!)])
    return series
  })
  return { ...eventsOf(all), histograms, exemplars }
}

function nameOf({ labels }: Series): string {
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
  if (name === '') throw new Error('a series has no name')
  return name
}

function eventsOf(all: readonly Series[]): Readonly<{ events: WeirEvent[]; samples: number }> {
  const ids = new Occurrences()
  const events: WeirEvent[] = []
  for (const series of all) {
    const { kind, unit, samples } = series
    const name = nameOf(series)
    const labels = series.labels.filter(([label]) => label !== '__name__')
    if (new Set(labels.map(([label]) => label)).size < labels.length) throw new Error('a series has a label twice')
    for (const sample of samples) {
      const event = sampleEvent('/remote-write', { name, labels, kind, unit, ...sample })
      events.push({ ...event, id: ids.idOf(event.id) })
    }
  }
  return { events, samples: events.length }
}
