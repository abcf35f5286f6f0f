/** Marks of ConfigMaps, and the events about them. Pure. */
import type { WeirEvent } from '../../../model/events.ts'
import { insightsFamilies, insightsTypes, type ImageReport } from '../../../model/insights.ts'
import { kubernetesRef } from '../../../model/refs.ts'
import type { ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import * as names from './labels.ts'
import { writeReport, type Rejection } from '../map.ts'

export const sentences: Readonly<Record<Rejection, string>> = {
  'unknown-type': `the type is neither sbom nor inspect: correct the labels ${names.trigger} or ${names.explicitType}`,
  empty: 'it has no report',
  'not-json': 'its text is not JSON',
  'too-large-decompressed': 'the decompressed report exceeds `max_decompressed`, or its compression ratio 200',
  'unreadable-gzip': 'the report is not readable gzip',
}

/** Some builds set a label instead of the annotation. */
export function isProcessed({ annotations, labels }: ObjectMeta): boolean {
  return names.processed in annotations || names.processed in labels
}

/** insights-remote also marks as success what it did not send. */
export function wasDelivered({ annotations, labels }: ObjectMeta): boolean {
  const isProduction = labels[names.environmentType] === 'production'
  return (
    (annotations[names.coreStatus] === names.statusSuccess && annotations[names.coreEnabled] === 'true') ||
    [names.trackStatus, names.customStatus].some((name) => isProduction && annotations[name] === names.statusSuccess)
  )
}

/** ms until a deferred object is due, at most 0 if it is; undefined: it is not deferred. */
export function waitMs({ labels }: ObjectMeta, now: number): number | undefined {
  const due = labels[names.deferred]
  if (due === undefined) return undefined
  return /^\d{1,12}$/.test(due) ? Number(due) * 1000 - now : 0
}

export function reportEvent(
  cluster: string,
  id: string,
  { namespace, name, uid }: ObjectMeta,
  report: ImageReport,
  now: number,
): WeirEvent {
  return {
    id,
    source: `/kubernetes/${cluster}`,
    type: insightsTypes.report,
    family: insightsFamilies[report.type],
    time: now,
    subject: `configmaps/${namespace}/${name}`,
    datacontenttype: 'application/json',
    extensions: { insightskind: report.type },
    key: `${cluster}/${uid}`,
    ref: kubernetesRef({ cluster, group: '', kind: 'ConfigMap', namespace, name }),
    encoding: 'json',
    data: new TextEncoder().encode(writeReport(report)),
  }
}

export function kubernetesEvent({ namespace, name, uid }: ObjectMeta, reason: Rejection, now: number): object {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${name.slice(0, 50)}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid },
    reason: 'InsightsRejected',
    message: `Weir does not send this report: ${sentences[reason]}.`,
    type: 'Warning',
    source: { component: 'weir' },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  }
}
