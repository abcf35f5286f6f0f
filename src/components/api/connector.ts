/** `weir-collector/connector`: contracts and functions of sources and sinks in packages. Threads load it. */
import { flowForm } from '../../codecs/flow-forms/index.ts'
import type { FlowForm } from '../../engine/delivery/rows.ts'
import { self } from '../../host/process.ts'
import type { Secret } from '../../schema/values.ts'

export { defineSink, defineSource } from '../../engine/define.ts'
export { deliverInChunks } from '../../engine/delivery/in-chunks.ts'
export { deliverInOrder, type Attempt } from '../../engine/delivery/in-order.ts'
export { sinkRows, type FlowForm, type SinkRow } from '../../engine/delivery/rows.ts'
export { appendEvents } from '../../engine/sources/append-events.ts'
export { listening } from '../../host/listen.ts'
export { messageOf, WeirError } from '../../model/errors.ts'
export { HttpClient, HttpError } from '../../net/http/client.ts'
export { readTls } from '../../net/tls.ts'
export { formatHostPort, Secret } from '../../schema/values.ts'
export type {
  Context,
  Idempotency,
  Preview,
  Probe,
  ProbeContext,
  Sink,
  SinkBatch,
  SinkDefinition,
  SinkPiece,
  Source,
  SourceContext,
  SourceDefinition,
} from '../../engine/contracts.ts'
export type { Host } from '../../host/index.ts'
export type { WeirEvent } from '../../model/events.ts'
export type { Failure } from '../../model/outcome.ts'
export type * from '../../telemetry/ports.ts'

/** Flows as events with JSON, for `sinkRows`. */
export const flowEvents: FlowForm = flowForm({ codec: 'json', tcp_flags: 'number' })

/** The value of a setting made by `secret`. */
export function reveal(secret: Secret): string {
  return secret.reveal(self.env, (path) => self.readTextFile(path))
}
