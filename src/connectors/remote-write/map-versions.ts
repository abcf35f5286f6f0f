/** Requests of remote write 1.0 and 2.0. */
import type { WireReader } from '../../codecs/proto-reader/index.ts'
import { strictText } from '../../codecs/proto-reader/text.ts'
import { HelpTexts, type SampleKind } from '../../codecs/samples/index.ts'
import type { Decoding, PushedRows } from '../../messaging/pushed-rows.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'
import { labelTexts, Malformed, nameIn, SeriesFault, textOf, type Received, type Span } from './map-received.ts'
import { putSeries, verifyRequest, type SeriesFormat } from './map-series.ts'

/** Kinds by the numbers of both versions; 0 and unlisted numbers have no counterpart. */
const kinds: Readonly<Record<number, SampleKind>> = { 1: 'counter', 2: 'gauge', 3: 'histogram', 5: 'summary' }
const kinds2: Readonly<Record<number, SampleKind>> = { ...kinds, 4: 'gauge' }

type Description = Readonly<{ kind: SampleKind | undefined; help: string; unit: string }>

/** Kinds, help texts and units of metrics, by name of the family. Senders of 1.0 send them apart from samples. */
export class Metadata {
  readonly byName: Map<string, Description> = new Map()
  readonly helps: HelpTexts = new HelpTexts()
}

/** Limit of collected spans; all spans are counted. */
const spansFor = (bounds: LabelBounds) => 2 * (bounds.max_labels + 2)
const emptySpan: Span = { from: 0, to: 0 }

/** `metadata`: from requests before; the request may add some. */
export function* decodeV1(
  body: Uint8Array,
  rows: PushedRows,
  bounds: LabelBounds,
  metadata: Metadata,
): Decoding<Received> {
  const format: SeriesFormat = {
    series: 1,
    sample: 2,
    exemplar: 3,
    histogram: 4,
    read(reader, end, series) {
      const spans: Span[] = []
      while (reader.next(end)) {
        if (reader.field !== 1 || spans.length > spansFor(bounds)) {
          reader.skip(end)
          continue
        }
        let [name, value] = [emptySpan, emptySpan]
        const messageEnd = reader.within(end)
        while (reader.next(messageEnd)) {
          const { field } = reader
          const textEnd = reader.within(messageEnd)
          if (textEnd < 0) continue
          if (field === 1) name = { from: reader.at, to: textEnd }
          else if (field === 2) value = { from: reader.at, to: textEnd }
          reader.at = textEnd
        }
        spans.push(name, value)
      }
      if (reader.failed) throw new Malformed()
      series.texts = labelTexts(spans, bounds, body, (index) => textOf(body, spans[index]!))
      const { kind, help, unit = '' } = describedBy(nameIn(series.texts) ?? '', metadata) ?? {}
      Object.assign(series, { kind, help, unit: unit === '' ? undefined : unit })
    },
  }
  yield* verifyRequest(body, format, (reader, end) => {
    if (reader.field === 3) readMetadata(reader, end, metadata, bounds)
    else reader.skip(end)
  })
  const totals: Received = { samples: 0, histograms: 0, exemplars: 0 }
  yield* putSeries(body, format, rows, totals, metadata.helps)
  return totals
}

const maxMetadata = 20_000

function readMetadata(reader: WireReader, outer: number, into: Metadata, { max_label_value: most }: LabelBounds) {
  const end = reader.within(outer)
  let type = 0
  const texts = { 2: '', 4: '', 5: '' }
  while (reader.next(end)) {
    const { field } = reader
    if (field === 1) type = reader.number(end)
    else if (field === 2 || field === 4 || field === 5) {
      const messageEnd = reader.within(end)
      if (messageEnd >= 0 && messageEnd - reader.at <= most)
        texts[field] = strictText(reader.bytes, reader.at, messageEnd) ?? ''
      reader.at = Math.max(messageEnd, reader.at)
    } else reader.skip(end)
  }
  const { 2: name, 4: help, 5: unit } = texts
  const description = { kind: kinds[type], help, unit }
  if (name !== '' && into.byName.size < maxMetadata) into.byName.set(name, description)
}

/** Metadata of the family to which a series belongs. */
function describedBy(name: string, { byName }: Metadata): Description | undefined {
  return byName.get(name) ?? byName.get(name.replace(/_(?:bucket|sum|count|total)$/, ''))
}

export function* decodeV2(
  body: Uint8Array,
  rows: PushedRows,
  bounds: LabelBounds,
  { helps }: Metadata,
): Decoding<Received> {
  const symbols = new Symbols(body, rows)
  const format: SeriesFormat = {
    series: 5,
    sample: 2,
    histogram: 3,
    exemplar: 4,
    read(reader, end, series) {
      const refs: number[] = []
      let about = nothingKnown
      while (reader.next(end)) {
        if (reader.field !== 1 && reader.field !== 5) {
          reader.skip(end)
          continue
        }
        const isLabels = reader.field === 1
        const messageEnd = reader.within(end)
        if (isLabels) readRefs(reader, messageEnd, refs, spansFor(bounds))
        else about = readSeriesMetadata(reader, messageEnd)
      }
      if (reader.failed) throw new Malformed()
      if (refs.length % 2 !== 0) throw new SeriesFault('invalid_series', 'its labels are incomplete')
      const spans = refs.map((ref) => symbols.span(ref))
      series.texts = labelTexts(spans, bounds, body, (index) => symbols.text(refs[index]!))
      const shortText = (symbol: number): string | undefined => {
        const { from, to } = symbols.span(symbol)
        return symbol === 0 || to - from > bounds.max_label_value ? undefined : symbols.text(symbol)
      }
      Object.assign(series, { kind: about.kind, unit: shortText(about.unit), help: shortText(about.help) })
    },
  }
  yield* verifyRequest(body, format, (reader, end) => {
    if (reader.field === 4) symbols.add(reader, end)
    else reader.skip(end)
  })
  symbols.verify()
  const totals: Received = { samples: 0, histograms: 0, exemplars: 0 }
  yield* putSeries(body, format, rows, totals, helps)
  return totals
}

function readRefs(reader: WireReader, end: number, refs: number[], most: number) {
  while (reader.at < end && !reader.failed) {
    const ref = reader.varint()
    if (refs.length <= most) refs.push(ref)
  }
  if (reader.at > end && end >= 0) reader.failed = true
}

/** Kind, and symbols of unit and help. */
type SeriesMetadata = { kind: SampleKind | undefined; unit: number; help: number }
const nothingKnown: SeriesMetadata = { kind: undefined, unit: 0, help: 0 }

function readSeriesMetadata(reader: WireReader, end: number): SeriesMetadata {
  const metadata = { ...nothingKnown }
  while (reader.next(end))
    if (reader.field === 1) metadata.kind = kinds2[reader.number(end)]
    else if (reader.field === 3) metadata.help = reader.number(end)
    else if (reader.field === 4) metadata.unit = reader.number(end)
    else reader.skip(end)
  return metadata
}

const maxTexts = 8192

/** The table of symbols: their places in the request, and the texts of the latest. */
class Symbols {
  readonly #body: Uint8Array
  readonly #rows: PushedRows
  #starts = new Uint32Array(256)
  #ends = new Uint32Array(256)
  #count = 0
  readonly #texts = new Map<number, string>()

  constructor(body: Uint8Array, rows: PushedRows) {
    this.#body = body
    this.#rows = rows
  }

  add(reader: WireReader, outer: number) {
    const end = reader.within(outer)
    if (end < 0) return
    if (this.#count === this.#starts.length) {
      this.#rows.lease.grow(2 * this.#starts.byteLength)
      this.#starts = doubled(this.#starts)
      this.#ends = doubled(this.#ends)
    }
    this.#starts[this.#count] = reader.at
    this.#ends[this.#count++] = end
    reader.at = end
  }

  verify() {
    if (this.#count === 0 || this.#starts[0] !== this.#ends[0]) throw new Error('the first symbol is not empty')
  }

  span(symbol: number): Span {
    if (symbol >= this.#count) throw new SeriesFault('invalid_series', `there is no symbol ${symbol}`)
    return { from: this.#starts[symbol]!, to: this.#ends[symbol]! }
  }

  text(symbol: number): string {
    const existing = this.#texts.get(symbol)
    if (existing !== undefined) return existing
    const text = textOf(this.#body, this.span(symbol))
    if (this.#texts.size >= maxTexts) this.#texts.clear()
    this.#texts.set(symbol, text)
    return text
  }
}

function doubled(items: Uint32Array) {
  const all = new Uint32Array(2 * items.length)
  all.set(items)
  return all
}
