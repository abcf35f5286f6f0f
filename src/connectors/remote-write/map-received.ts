/** Series of a request of remote write as points. */
import { strictText } from '../../codecs/proto-reader/text.ts'
import type { WireReader } from '../../codecs/proto-reader/index.ts'
import { SampleTexts, specialOf, type HelpTexts, type SampleKind } from '../../codecs/samples/index.ts'
import { labelTooLong, tooManyLabels, type LabelFault } from '../../messaging/label-bounds.ts'
import type { PushedRows } from '../../messaging/pushed-rows.ts'
import { telemetryTypes } from '../../model/points.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'

export type Received = {
  samples: number
  /** Native histograms, which are not stored. */
  histograms: number
  exemplars: number
}

/** A series of which nothing is stored. */
export class SeriesFault extends Error {
  readonly reason: string
  readonly series: string | undefined

  constructor(reason: string, message: string, series?: string) {
    super(message)
    this.reason = reason
    this.series = series
  }
}

export class Malformed extends Error {
  constructor() {
    super('it is no valid protobuf')
  }
}

/** Fields of the input between two turns of the event loop. */
export const fieldsPerTurn = 1 << 15

/** Where a text is in the request. */
export type Span = Readonly<{ from: number; to: number }>

export type Series = {
  /** Names and values in turn. */
  texts: string[]
  samples: number
  histograms: number
  exemplars: number
  kind: SampleKind | undefined
  unit: string | undefined
  help: string | undefined
}

export const newSeries = (): Series => ({
  texts: [],
  samples: 0,
  histograms: 0,
  exemplars: 0,
  kind: undefined,
  unit: undefined,
  help: undefined,
})

export function textOf(bytes: Uint8Array, { from, to }: Span): string {
  const text = strictText(bytes, from, to)
  if (text === undefined) throw new SeriesFault('invalid_utf8', 'a label is no valid UTF-8')
  return text
}

/** `spans`: names and values in turn. Throws before a text is made of a label that exceeds a bound. */
export function labelTexts(
  spans: readonly Span[],
  bounds: LabelBounds,
  bytes: Uint8Array,
  text: (index: number) => string,
): string[] {
  const fault = spansFault(spans, bounds, bytes)
  if (fault !== undefined) throw new SeriesFault(fault.reason, fault.message, shownName(spans, bytes))
  return spans.map((_, index) => text(index))
}

function spansFault(spans: readonly Span[], bounds: LabelBounds, bytes: Uint8Array): LabelFault | undefined {
  for (let at = 0; at < spans.length; at += 2) {
    const [name, value] = [spans[at]!, spans[at + 1]!]
    const label = { bytes: name.to - name.from, text: () => shownText(bytes, name) }
    const long = labelTooLong(label, value.to - value.from, bounds)
    if (long !== undefined) return long
  }
  return tooManyLabels(spans.length / 2 - 1, bounds)
}

function shownName(spans: readonly Span[], bytes: Uint8Array): string | undefined {
  const at = spans.findIndex((span, index) => index % 2 === 0 && shownText(bytes, span) === '__name__')
  return at < 0 ? undefined : shownText(bytes, spans[at + 1]!)
}

const shownBytes = 64

function shownText(bytes: Uint8Array, { from, to }: Span): string {
  return Buffer.from(bytes.subarray(from, Math.min(to, from + shownBytes))).toString()
}

/** `texts`: names and values in turn. */
export function nameIn(texts: readonly string[]): string | undefined {
  for (let at = 0; at < texts.length; at += 2)
    if (texts[at] === '__name__' && texts[at + 1] !== '') return texts[at + 1]
  return undefined
}

export class SeriesRows {
  readonly #name: string
  readonly #series: Series
  readonly #helps: HelpTexts
  readonly #texts: SampleTexts

  constructor(series: Series, helps: HelpTexts) {
    const { texts, kind, unit } = series
    const name = nameIn(texts)
    const labels: (readonly [string, string])[] = []
    for (let at = 0; at < texts.length; at += 2) if (texts[at] !== '__name__') labels.push([texts[at]!, texts[at + 1]!])
    if (name === undefined) throw new SeriesFault('no_name', 'it has no name')
    if (new Set(labels.map(([label]) => label)).size < labels.length)
      throw new SeriesFault('duplicate_label', 'it has a label twice')
    this.#name = name
    this.#series = series
    this.#helps = helps
    this.#texts = new SampleTexts({ name, labels, kind, unit })
  }

  put(rows: PushedRows, value: number, at: number, marker?: 'stale'): void {
    const special = marker ?? specialOf(value)
    const texts = this.#texts
    const { kind, help } = this.#series
    rows.put(
      { source: '/remote-write', type: telemetryTypes.point, family: 'point', subject: this.#name, time: at },
      texts.data(value, special, this.#helps.due({ name: this.#name, kind }, help, at)),
      texts.identity(value, special, at),
    )
  }
}

const bits = new DataView(new ArrayBuffer(8))

/** Reads a float with the bits of the marker for a stale series. */
export function putSample(reader: WireReader, end: number, series: SeriesRows, rows: PushedRows): void {
  let [value, isStale, at] = [0, false, 0]
  while (reader.next(end)) {
    if (reader.field === 1 && reader.type === 1 && reader.at + 8 <= end) {
      for (let index = 0; index < 8; index++) bits.setUint8(index, reader.bytes[reader.at + index]!)
      isStale = bits.getUint32(0, true) === 2 && bits.getUint32(4, true) === 0x7ff00000
      value = bits.getFloat64(0, true)
      reader.at += 8
    } else if (reader.field === 2 && reader.type === 0) {
      reader.varint()
      at = (reader.high | 0) * 0x1_0000_0000 + reader.low
    } else reader.skip(end)
  }
  if (reader.failed) throw new Malformed()
  series.put(rows, value, at, isStale ? 'stale' : undefined)
}
