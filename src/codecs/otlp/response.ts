import { BinaryReader } from '@bufbuild/protobuf/wire'
import { ProtoWriter } from '../proto-writer/index.ts'

type PartialSuccess = Readonly<{
  rejected: number
  message: string
}>

export function partialSuccess(body: Uint8Array): PartialSuccess | undefined {
  const field = fieldsOf(body)?.get(1)
  const inner = field instanceof Uint8Array ? fieldsOf(field) : undefined
  if (inner === undefined) return undefined
  const rejected = inner.get(1)
  const message = inner.get(2)
  return {
    rejected: typeof rejected === 'bigint' ? Number(rejected) : 0,
    message: message instanceof Uint8Array ? Buffer.from(message).toString() : '',
  }
}

export function partialSuccessBody({ rejected, message }: PartialSuccess): Uint8Array {
  const writer = new ProtoWriter()
  const start = writer.begin(1)
  writer.uint(1, rejected)
  writer.text(2, message)
  writer.end(start)
  return writer.finish()
}

type RpcStatus = Readonly<{
  message: string
  /** From `RetryInfo`, in ms; undefined: the server sent none. */
  retryMs: number | undefined
}>

export function rpcStatus(bytes: Uint8Array): RpcStatus | undefined {
  const fields = fieldsOf(bytes)
  const message = fields?.get(2)
  if (fields === undefined || !(message instanceof Uint8Array)) return undefined
  return { message: Buffer.from(message).toString(), retryMs: retryDelay(bytes) }
}

export function rpcStatusBody(message: string): Uint8Array {
  const writer = new ProtoWriter()
  writer.text(2, message)
  return writer.finish()
}

/** A status of gRPC with the delay after which the client may retry, as the specification of OTLP requires. */
export function retryStatusBody(code: number, message: string, retryMs: number): Uint8Array {
  const writer = new ProtoWriter()
  writer.int(1, code)
  writer.text(2, message)
  const any = writer.begin(3)
  writer.text(1, retryInfo)
  const info = writer.begin(2)
  const delay = writer.begin(1)
  writer.int(1, Math.ceil(retryMs / 1000))
  writer.end(delay)
  writer.end(info)
  writer.end(any)
  return writer.finish()
}

const retryInfo = 'type.googleapis.com/google.rpc.RetryInfo'

function retryDelay(bytes: Uint8Array): number | undefined {
  for (const detail of lengthFields(bytes, 3)) {
    const any = fieldsOf(detail)
    const [url, value] = [any?.get(1), any?.get(2)]
    if (!(url instanceof Uint8Array) || Buffer.from(url).toString() !== retryInfo) continue
    const delay = value instanceof Uint8Array ? fieldsOf(value)?.get(1) : undefined
    const duration = delay instanceof Uint8Array ? fieldsOf(delay) : undefined
    const [seconds, nanos] = [duration?.get(1) ?? 0n, duration?.get(2) ?? 0n]
    return typeof seconds === 'bigint' && typeof nanos === 'bigint'
      ? Math.max(0, Number(seconds) * 1000 + Number(nanos) / 1e6)
      : 0
  }
  return undefined
}

function fieldsOf(bytes: Uint8Array): Map<number, bigint | Uint8Array> | undefined {
  try {
    const fields = new Map<number, bigint | Uint8Array>()
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag()
      if (type === 0) fields.set(field, BigInt(reader.int64()))
      else if (type === 2) fields.set(field, reader.bytes())
      else reader.skip(type, field)
    }
    return fields
  } catch {
    return undefined
  }
}

function lengthFields(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const results: Uint8Array[] = []
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (type === 2 && field === wanted) results.push(reader.bytes())
    else reader.skip(type, field)
  }
  return results
}
