/** The states as the cursor of the source `alerts`: they are recorded in the frame of the events that they caused. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { RuleFacts } from './event.ts'
import type { Instance } from './states.ts'

export type RecordedRule = Readonly<{
  /** Rule of the alerts, with which they are resolved after it was removed. */
  facts: RuleFacts
  /** Text of the settings of the rule that determine the labels of alerts. */
  shape: string
  instances: readonly Instance[]
}>

type Content = Readonly<{ version: number; rules: Readonly<Record<string, RecordedRule>> }>

const version = 1
/** A header of a frame, with all cursors in a checkpoint, has at most 1 MiB. */
const maxBytes = 192 * 1024

export class TooManyAlerts extends Error {}

export function writeRecorded(rules: Readonly<Record<string, RecordedRule>>): Uint8Array {
  const bytes = gzipSync(JSON.stringify({ version, rules } satisfies Content))
  if (bytes.length > maxBytes)
    throw new TooManyAlerts('The pending and firing alerts of all rules exceed the size that can be recorded.')
  return bytes
}

/** Throws if a later version wrote it. */
export function readRecorded(cursor: Uint8Array | undefined): Readonly<Record<string, RecordedRule>> {
  if (cursor === undefined) return {}
  const content = JSON.parse(gunzipSync(cursor).toString()) as Content
  if (content.version > version)
    throw new Error(`The states of alerts were written by a later version of Weir (${content.version}).`)
  return content.rules
}
