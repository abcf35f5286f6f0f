import type { ClusterEventData } from '../../../model/kubernetes.ts'
import { isRecord } from '../../../model/json.ts'
import type { KubeObject } from '../client/types.ts'
import type { Place } from './change.ts'

type Dict = Readonly<Record<string, unknown>>

export function eventData(position: Place, resourceVersion: string, object: KubeObject): ClusterEventData {
  const series = dict(object['series'])
  const about = dict(object['involvedObject'] ?? object['regarding'])
  const version = text(about['apiVersion']) ?? ''
  const slash = version.indexOf('/')
  const source = dict(object['source'] ?? object['deprecatedSource'])
  const count = [series['count'], object['count'], object['deprecatedCount']].find(
    (value) => typeof value === 'number' && value > 0,
  )
  const [namespace, uid] = [text(about['namespace']), text(about['uid'])]
  const first =
    text(object['firstTimestamp']) ??
    text(object['deprecatedFirstTimestamp']) ??
    text(object['eventTime']) ??
    text(object.metadata?.['creationTimestamp'])
  const last =
    text(series['lastObservedTime']) ??
    text(object['lastTimestamp']) ??
    text(object['deprecatedLastTimestamp']) ??
    text(object['eventTime']) ??
    first
  const reporter =
    text(object['reportingComponent']) ?? text(object['reportingController']) ?? text(source['component'])
  const host = text(source['host'])
  return {
    ...position,
    resourceVersion,
    type: text(object['type']) ?? 'Normal',
    reason: text(object['reason']) ?? '',
    message: text(object['message']) ?? text(object['note']) ?? '',
    regarding: {
      kind: text(about['kind']) ?? '',
      group: slash === -1 ? '' : version.slice(0, slash),
      ...(namespace === undefined ? {} : { namespace }),
      name: text(about['name']) ?? '',
      ...(uid === undefined ? {} : { uid }),
    },
    count: typeof count === 'number' ? count : 1,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    ...(reporter === undefined ? {} : { reporter }),
    ...(host === undefined ? {} : { host }),
  }
}

function dict(value: unknown) {
  return isRecord(value) ? (value as Dict) : {}
}

function text(value: unknown) {
  return typeof value === 'string' && value !== '' ? value : undefined
}
