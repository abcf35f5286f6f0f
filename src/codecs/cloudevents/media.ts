import type { DataEncoding } from '../../model/batches.ts'

function bare(contentType: string) {
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}

/** RFC 6839: `…/json` or `…+json`; absent: JSON. */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return true
  const type = bare(contentType)
  return type.endsWith('/json') || type.endsWith('+json')
}

const texts = new Set([
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/javascript',
  'application/x-www-form-urlencoded',
])

export function encodingOf(contentType: string | undefined): Exclude<DataEncoding, 'none'> {
  if (contentType === undefined) return 'binary'
  if (isJsonType(contentType)) return 'json'
  const type = bare(contentType)
  return type.startsWith('text/') || type.endsWith('+xml') || type.endsWith('+yaml') || texts.has(type)
    ? 'text'
    : 'binary'
}

type HttpMode = 'binary' | 'structured' | 'batched'

export const structuredType = 'application/cloudevents+json'
export const batchedType = 'application/cloudevents-batch+json'

export const protobufType = 'application/cloudevents+protobuf'
export const protobufBatchType = 'application/cloudevents-batch+protobuf'

export function isProtobuf(contentType: string | undefined): boolean {
  return bare(contentType ?? '') === protobufType
}

export function isProtobufBatch(contentType: string | undefined): boolean {
  return bare(contentType ?? '') === protobufBatchType
}

/** Undefined for a CloudEvents format other than JSON. */
export function httpMode(contentType: string | undefined): HttpMode | undefined {
  const type = bare(contentType ?? '')
  if (type === structuredType) return 'structured'
  if (type === batchedType) return 'batched'
  return type.startsWith('application/cloudevents') ? undefined : 'binary'
}
