/** Protobuf is separate, because it loads a library. */
export { decodeHttp, toEvents } from './decode.ts'
export { attributedReader, decodeAttributed, decodeBinary, type Headers } from './binary.ts'
export { decodeBatchToColumns, decodeStructured } from './structured.ts'
export { eventLimit } from './decoder.ts'
export {
  checkHeader,
  encodeBatch,
  encodeBinary,
  encodeStructured,
  eventAttributes,
  joinBatch,
  type BinaryMessage,
} from './encode.ts'
export { CloudEventsError, type CloudEventsProblem } from './errors.ts'
export { checkJson, depthLimit } from './json.ts'
export {
  batchedType,
  httpMode,
  isProtobuf,
  isProtobufBatch,
  protobufBatchType,
  protobufType,
  structuredType,
  type HttpMode,
} from './media.ts'
export { attributeLimit, extensionCountLimit, type Extensions } from './attributes.ts'
export { decodeHeader, encodeHeader } from './headers.ts'
