import type { DataEncoding } from '../../model/batches.ts'

/** Media type without parameters, in lower case. */
function bare(contentType: string): string {
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}

/** JSON by its media type (RFC 6839): `…/json` or `…+json`. An absent type means JSON inside a JSON event. */
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

/** The encoding of a plain body with this type. */
export function encodingOf(contentType: string | undefined): Exclude<DataEncoding, 'none'> {
  if (contentType === undefined) return 'binary'
  if (isJsonType(contentType)) return 'json'
  const type = bare(contentType)
  return type.startsWith('text/') || type.endsWith('+xml') || type.endsWith('+yaml') || texts.has(type)
    ? 'text'
    : 'binary'
}

export type HttpMode = 'binary' | 'structured' | 'batched'

/** Content types of the two modes with complete events in JSON. */
export const structuredType = 'application/cloudevents+json'
export const batchedType = 'application/cloudevents-batch+json'

/** Content types of complete events in protobuf, single and batch. */
export const protobufType = 'application/cloudevents+protobuf'
export const protobufBatchType = 'application/cloudevents-batch+protobuf'

export function isProtobuf(contentType: string | undefined): boolean {
  return bare(contentType ?? '') === protobufType
}

export function isProtobufBatch(contentType: string | undefined): boolean {
  return bare(contentType ?? '') === protobufBatchType
}

/** The mode of an HTTP message; undefined for a CloudEvents format other than JSON. */
export function httpMode(contentType: string | undefined): HttpMode | undefined {
  const type = bare(contentType ?? '')
  if (type === structuredType) return 'structured'
  if (type === batchedType) return 'batched'
  return type.startsWith('application/cloudevents') ? undefined : 'binary'
}
