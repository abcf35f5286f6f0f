/** The stage `conntrack` of flowlogs-pipeline. */
import { choice, durationMs, flag, integer, list, mapping, object, text, textOrNumber, type ReadBy } from './shape.ts'

const scheduling = list(
  object({
    selector: mapping(textOrNumber),
    endConnectionTimeout: durationMs,
    terminatingTimeout: durationMs,
    heartbeatInterval: durationMs,
  }),
)
export type Scheduling = ReadBy<typeof scheduling>

export const conntrack = object({
  keyDefinition: object({
    fieldGroups: list(object({ name: text, fields: list(text) })),
    hash: object({ fieldGroupRefs: list(text), fieldGroupARef: text, fieldGroupBRef: text }),
  }),
  outputRecordTypes: list(choice(['newConnection', 'heartbeat', 'endConnection', 'flowLog'])),
  outputFields: list(object({ name: text, operation: text, splitAB: flag, input: text, reportMissing: flag })),
  scheduling,
  maxConnectionsTracked: integer,
  tcpFlags: object({ fieldName: text, detectEndConnection: flag, swapAB: flag }),
})
export type Conntrack = ReadBy<typeof conntrack>
