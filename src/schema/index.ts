export { ackField } from './ack-field.ts'
export { hostPort, listen } from './address.ts'
export {
  checkClickhouse,
  clickhouseCreate,
  clickhouseDatabase,
  clickhouseFields,
  clickhouseWriter,
} from './clickhouse-fields.ts'
export { flowCluster, flowFlush, flowLineCodec, messageCodec, netobservFields, tcpFlags } from './codec-fields.ts'
export { group, list, mapping, variants, type Check } from './collections.ts'
export {
  componentMap,
  defineSchema,
  type AnyComponentSchema,
  type ComponentEntry,
  type ComponentSchema,
  type ConfigOf,
  type Role,
  type WrittenConfigOf,
} from './component.ts'
export { filesOf, parseYaml, type ConfigDocument, type Override } from './document.ts'
export { environmentOverrides, valueFromText, variableFor } from './environment.ts'
export {
  infoOf,
  type AnyField,
  type Field,
  type FieldInfo,
  type Fields,
  type Meta,
  type ValuesOf,
  type WrittenOf,
} from './field.ts'
export { jsonSchema, type JsonSchema } from './jsonschema.ts'
export { kubeconfigField } from './kubeconfig-field.ts'
export { headersComplaint, plainUrlComplaint } from './header-fields.ts'
export { headersField, sendTimeout, timeoutField } from './request-fields.ts'
export { leaseComplaint, leaseFields } from './lease-fields.ts'
export { mergeDocuments } from './merge.ts'
export { messageComplaint, messageFields, messageSourceFields, packFields, type ClaimPlace } from './message-fields.ts'
export { applyOverrides } from './overrides.ts'
export { bytes, duration, parseBytes, parseDuration } from './quantities.ts'
export { receiverComplaint, receiverFields } from './receiver-fields.ts'
export { recordComplaint, recordFields } from './record-fields.ts'
export { isReference, resolveReference, resolveReferences, takesReference } from './references.ts'
export { reference, settingRows } from './reference.ts'
export { sample } from './sample.ts'
export { choice, filePath, flag, integer, secret, text, urlText } from './scalars.ts'
export {
  auth,
  batch,
  leastToken,
  retry,
  tls,
  userFields,
  type Auth,
  type Batch,
  type Retry,
  type Tls,
} from './shared.ts'
export { expandVariables } from './variables.ts'
export { configFrom, validate, type Validated } from './validate.ts'
export * from './values.ts'
