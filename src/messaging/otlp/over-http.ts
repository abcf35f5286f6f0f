/** Exports of OTLP as rows, and their answers over HTTP. */
import {
  partialSuccessBody,
  walkOtlp,
  walkOtlpJson,
  type OtlpSignal,
  type OtlpVisitor,
} from '../../codecs/otlp/index.ts'
import { malformed, PushRefused } from '../../net/http/push-refused.ts'
import type { PushAnswer, PushRequest } from '../../net/http/receiver.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'
import type { Decode } from '../push-source.ts'
import type { Decoding, PushedRows } from '../pushed-rows.ts'
import { RecordVisitor } from './records.ts'

export const otlpProtobuf = 'application/x-protobuf'
export const otlpJson = 'application/json'

type Rejected = Readonly<{ rejected: number; message: string }>
type Walk = (visitor: OtlpVisitor) => Decoding<void>
export type OtlpDecoder = (rows: PushedRows, walk: Walk) => Decoding<Rejected | undefined>

/** Records at fault cost no others. */
export function* walked(rows: PushedRows, visitor: OtlpVisitor, walk: Walk): Decoding<Rejected | undefined> {
  try {
    yield* walk(visitor)
  } catch (error) {
    throw malformed(error)
  }
  return rows.faults === 0 ? undefined : { rejected: rows.faults, message: rows.fault }
}

export function recordDecoder(bounds: LabelBounds, now: number): OtlpDecoder {
  return (rows, walk) => walked(rows, new RecordVisitor(rows, bounds, now), walk)
}

export function overHttp(signal: OtlpSignal, { type, body }: PushRequest, decode: OtlpDecoder): Decode<PushAnswer> {
  if (type !== otlpProtobuf && type !== otlpJson)
    throw new PushRefused(415, 'wrong_request', `Content-Type must be ${otlpProtobuf} or ${otlpJson}.`)
  return function* (rows) {
    const partial = yield* decode(rows, (visitor) =>
      type === otlpJson ? walkOtlpJson(signal, body, visitor) : walkOtlp(signal, body, visitor),
    )
    const answer = type === otlpJson ? JSON.stringify(partialJson(signal, partial)) : partialProtobuf(partial)
    return { answer: { status: 200, headers: { 'content-type': type }, body: answer } }
  }
}

function partialJson(signal: OtlpSignal, partial: Rejected | undefined) {
  if (partial === undefined) return {}
  const field = signal === 'logs' ? 'rejectedLogRecords' : 'rejectedDataPoints'
  return { partialSuccess: { [field]: String(partial.rejected), errorMessage: partial.message } }
}

export function partialProtobuf(partial: Rejected | undefined): Uint8Array {
  return partial === undefined ? new Uint8Array(0) : partialSuccessBody(partial)
}
