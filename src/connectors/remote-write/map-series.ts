import { WireReader } from '../../codecs/proto-reader/index.ts'
import type { HelpTexts } from '../../codecs/samples/index.ts'
import type { Decoding, PushedRows } from '../../messaging/pushed-rows.ts'
import {
  fieldsPerTurn,
  Malformed,
  nameIn,
  newSeries,
  putSample,
  SeriesFault,
  SeriesRows,
  type Received,
  type Series,
} from './map-received.ts'

const shownChars = 64

/** Fields of a series in one of the versions. */
export interface SeriesFormat {
  /** Field of a series in the request. */
  readonly series: number
  readonly sample: number
  readonly histogram: number
  readonly exemplar: number
  /** Reads labels, kind and unit into `series`. `reader` is at its first field. Throws SeriesFault. */
  read(reader: WireReader, end: number, series: Series): void
}

/** Throws if the structure is malformed; takes the other fields of the request. */
export function* verifyRequest(
  body: Uint8Array,
  { series, ...fields }: SeriesFormat,
  take: (reader: WireReader, end: number) => void,
): Decoding<void> {
  const reader = new WireReader()
  reader.start(body, 0)
  const [outer, inner] = [body.length, new Set<number>([fields.sample, fields.histogram, fields.exemplar])]
  let turn = 0
  while (reader.next(outer)) {
    if (++turn % fieldsPerTurn === 0) yield
    if (reader.field !== series) {
      take(reader, outer)
      continue
    }
    const end = reader.within(outer)
    while (end >= 0 && reader.next(end)) {
      if (++turn % fieldsPerTurn === 0) yield
      if (inner.has(reader.field) && reader.type !== 2) reader.failed = true
      reader.skip(end)
    }
  }
  if (reader.failed) throw new Malformed()
}

/** A series at fault costs no other one. */
export function* putSeries(
  body: Uint8Array,
  format: SeriesFormat,
  rows: PushedRows,
  into: Received,
  helps: HelpTexts,
): Decoding<void> {
  const reader = new WireReader()
  reader.start(body, 0)
  const target = { rows, into, helps }
  let turn = 0
  while (reader.next(body.length)) {
    if (++turn % fieldsPerTurn === 0) yield
    if (reader.field !== format.series) {
      reader.skip(body.length)
      continue
    }
    const end = reader.within(body.length)
    if (end > reader.at) yield* putOne(reader, end, format, target)
  }
  if (reader.failed) throw new Malformed()
}

type SeriesTarget = Readonly<{ rows: PushedRows; into: Received; helps: HelpTexts }>

function* putOne(
  reader: WireReader,
  end: number,
  format: SeriesFormat,
  { rows, into, helps }: SeriesTarget,
): Decoding<void> {
  const start = reader.at
  const series = newSeries()
  for (let turn = 1; reader.next(end); turn++) {
    if (turn % fieldsPerTurn === 0) yield
    if (reader.field === format.sample) series.samples++
    else if (reader.field === format.histogram) series.histograms++
    else if (reader.field === format.exemplar) series.exemplars++
    reader.skip(end)
  }
  into.histograms += series.histograms
  into.exemplars += series.exemplars
  let seriesRows: SeriesRows
  try {
    reader.at = start
    format.read(reader, end, series)
    seriesRows = new SeriesRows(series, helps)
  } catch (error) {
    if (!(error instanceof SeriesFault)) throw error
    const name = error.series ?? nameIn(series.texts)
    rows.leave(
      error.reason,
      series.samples,
      `${name === undefined ? 'a series' : `series ${name.slice(0, shownChars)}`}: ${error.message}`,
    )
    reader.at = end
    return
  }
  reader.at = start
  for (let turn = 1; reader.next(end); turn++) {
    if (reader.field !== format.sample) {
      reader.skip(end)
      if (turn % fieldsPerTurn === 0) yield
      continue
    }
    putSample(reader, reader.within(end), seriesRows, rows)
    into.samples++
    if (rows.isFull) yield
  }
}
