import { status, type ServiceError } from '@grpc/grpc-js'
import { ProtoWriter } from '../../codecs/proto-writer/index.ts'
import type { Probe } from '../../engine/contracts.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'

/** `genericmap.Flow`: the flow as JSON is the value of an `Any` without a type. */
export function genericMap(json: Uint8Array): Uint8Array {
  const writer = new ProtoWriter()
  const any = writer.begin(1)
  writer.bytes(2, json)
  writer.end(any)
  return writer.finish()
}

/** The flow itself is at fault. */
const permanent = new Set([status.INVALID_ARGUMENT, status.OUT_OF_RANGE])
/** Other flows may be accepted meanwhile. */
const ofOneFlow = new Set([status.DEADLINE_EXCEEDED, status.UNKNOWN, status.INTERNAL])

const text = ({ code, details }: ServiceError) =>
  `${status[code] ?? `code ${code}`}${details === '' ? '' : `: ${details}`}`

export function outcomeOf(url: string, answer: Uint8Array | ServiceError): Attempt {
  if (!(answer instanceof Error)) return undefined
  const reason = `${url}: ${text(answer)}`
  if (permanent.has(answer.code)) return { is: 'reject', reason }
  if (answer.code === status.UNIMPLEMENTED)
    return { is: 'retry', reason: `${reason}: it is no genericmap.Collector; correct \`url\``, away: true }
  return { is: 'retry', reason, away: !ofOneFlow.has(answer.code) }
}

/** Result of a probe call that no collector implements. */
export function probeOf(url: string, answer: Uint8Array | ServiceError): Probe {
  if (!(answer instanceof Error)) return { is: 'warn', message: `${url}: it accepts unknown calls` }
  if (answer.code !== status.UNIMPLEMENTED) return { is: 'fail', message: `${url}: ${text(answer)}` }
  return /unknown service/i.test(answer.details)
    ? { is: 'fail', message: `${url}: it responds, but is no genericmap.Collector; correct \`url\`` }
    : { is: 'ok', message: `${url}: it responds` }
}
