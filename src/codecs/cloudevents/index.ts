/** Protobuf is separate, because it loads a library. */
export { decodeHttp, toEvents } from './decode.ts'
export { attributedReader, decodeAttributed } from './binary.ts'
export { decodeBatchToColumns, decodeStructured } from './structured.ts'
export {
  checkHeader,
  encodeBatch,
  encodeBinary,
  encodeStructured,
  eventAttributes,
  joinBatch,
  type BinaryMessage,
} from './encode.ts'
export { CloudEventsError } from './errors.ts'
export { checkJson } from './json.ts'
export {
  batchedType,
  httpMode,
  isProtobuf,
  isProtobufBatch,
  protobufBatchType,
  protobufType,
  structuredType,
} from './media.ts'
export { invalidAttribute, isUriReference, uriReference } from './validity.ts'
export { type Extensions } from './attributes.ts'
export { decodeHeader, encodeHeader } from './headers.ts'
