/** From a ConfigMap to the message of its report. Pure. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { trackEndpoint, type ImageReport } from '../../model/insights.ts'
import { fieldsOf, isRecord } from '../../model/json.ts'
import { metaOf, type ObjectMeta } from '../../net/kubernetes/follow-collection.ts'
import { goJson, sortedMap } from './map/json.ts'
import * as names from './map/labels.ts'

export type Rejection = 'unknown-type' | 'empty' | 'not-json' | 'too-large-decompressed' | 'unreadable-gzip'

type Texts = Readonly<Record<string, string>>

export type ConfigMap = Readonly<{
  meta: ObjectMeta
  data: Texts | null
  /** Base64. */
  binaryData: Texts | null
  /** As written; null if absent. */
  labels: Texts | null
  annotations: Texts | null
}>

/** Undefined for another object. */
export function configMapOf(object: unknown): ConfigMap | undefined {
  const meta = metaOf(object)
  if (meta === undefined) return undefined
  const fields = fieldsOf(object)
  const texts = (value: unknown): Texts | null => (isRecord(value) ? (value as Texts) : null)
  const metadata = fieldsOf(fields['metadata'])
  return {
    meta,
    data: texts(fields['data']),
    binaryData: texts(fields['binaryData']),
    labels: texts(metadata['labels']),
    annotations: texts(metadata['annotations']),
  }
}

/** `strict`: exactly the message of insights-remote, also where its consumer would reject it. */
export interface ReportOptions {
  readonly strict: boolean
}

export type MadeReport = Readonly<{
  report: ImageReport
  /** Deviations of the object that the message corrects. */
  corrected: readonly string[]
}>

export function reportOf(
  { meta, data, binaryData, labels, annotations }: ConfigMap,
  namespace: Texts,
  { strict }: ReportOptions,
): MadeReport | Rejection {
  const type = typeOf(meta.labels)
  if (type === undefined) return 'unknown-type'
  const identity = {
    namespace: meta.namespace,
    environment: namespace[names.environment] ?? '',
    service: meta.labels[names.service] ?? '',
    project: namespace[names.project] ?? '',
    type,
  } as const
  if (strict)
    return {
      report: { payload: data, binaryPayload: binaryData, annotations, labels, ...identity },
      corrected: [],
    }
  const corrected: string[] = []
  const file = oneFile(data, binaryData, corrected)
  if (typeof file === 'string') return file
  const owned = ownedLabels(labels ?? {}, namespace, corrected)
  readableTrigger(owned, type, corrected)
  const { [names.lastApplied]: applied, ...others } = annotations ?? {}
  return {
    report: {
      payload: null,
      binaryPayload: file,
      annotations: annotations === null ? null : applied === undefined ? annotations : others,
      labels: owned,
      ...identity,
    },
    corrected,
  }
}

/** The bytes of the message, in the member order of insights-remote. */
export function writeReport({
  payload,
  binaryPayload,
  annotations,
  labels,
  namespace,
  environment,
  service,
  project,
  type,
}: ImageReport): string {
  return (
    `{"payload":${sortedMap(payload)},"binaryPayload":${sortedMap(binaryPayload)},` +
    `"annotations":${sortedMap(annotations)},"labels":${sortedMap(labels)},"namespace":${goJson(namespace)},` +
    `"environment":${goJson(environment)},"service":${goJson(service)},"project":${goJson(project)},` +
    `"type":${goJson(type)}}`
  )
}

/** Equal for every attempt at one report, also after changes of other labels and annotations. */
export function reportId({ meta, data, binaryData }: ConfigMap): string {
  const hash = createHash('sha256')
  for (const part of [
    meta.labels[names.trigger],
    meta.labels['lagoon.sh/buildName'],
    meta.annotations[names.coreEnabled],
    ...(trackEndpoint in meta.annotations ? [meta.annotations[trackEndpoint]] : []),
    ...[data, binaryData].flatMap((map) => Object.entries(map ?? {}).flat()),
  ])
    hash.update(`${part?.length ?? -1}:${part ?? ''}`)
  return `${meta.uid}/${hash.digest('hex').slice(0, 32)}`
}

function typeOf(labels: Texts): ImageReport['type'] | undefined {
  const type = labels[names.explicitType] ?? { 'sbom-gz': 'sbom', 'image-gz': 'inspect' }[labels[names.trigger] ?? '']
  return type === 'sbom' || type === 'inspect' ? type : undefined
}

/** The consumer reads one file; it rejects a message with text data. */
function oneFile(data: Texts | null, binaryData: Texts | null, corrected: string[]): Texts | Rejection {
  const files = Object.keys(binaryData ?? {}).sort()
  const file = files.find((name) => name.endsWith('.json.gz')) ?? files[0]
  if (files.length > 1) corrected.push('several-files')
  if (file !== undefined) {
    if (data !== null) corrected.push('text-data')
    return { [file]: binaryData?.[file] ?? '' }
  }
  const [text] = Object.keys(data ?? {}).sort()
  if (text === undefined) return 'empty'
  const content = data?.[text] ?? ''
  try {
    JSON.parse(content)
  } catch {
    return 'not-json'
  }
  corrected.push('text-data')
  return { [`${text}.gz`]: gzipSync(content).toString('base64') }
}

/** The consumer trusts the labels; only the labels of the namespace are beyond the reach of its tenant. */
function ownedLabels(labels: Texts, namespace: Texts, corrected: string[]): Record<string, string> {
  const owned = { ...labels }
  for (const name of [names.project, names.environment]) {
    const value = namespace[name]
    if (value === undefined || owned[name] === value) continue
    if (owned[name] !== undefined) corrected.push('foreign-label')
    owned[name] = value
  }
  return owned
}

/** Of another value of this label the consumer acknowledges the message twice, and then stops to consume. */
function readableTrigger(labels: Record<string, string>, type: ImageReport['type'], corrected: string[]): void {
  const given = labels[names.trigger]
  if (given === 'sbom-gz' || given === 'image-gz') return
  labels[names.trigger] = type === 'sbom' ? 'sbom-gz' : 'image-gz'
  corrected.push('trigger-label')
}
