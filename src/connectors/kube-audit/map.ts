import { outcomeOf, severityOfCode, type AuditRecord } from '../../model/audit.ts'
import { kubernetesTypes, type AuditData, type AuditObject } from '../../model/kubernetes.ts'
import { kubernetesRef } from '../../model/refs.ts'
import type { WeirEvent } from '../../model/events.ts'
import { isSecretValue, mark, redactArguments, TextRedactor } from '../../codecs/redact/index.ts'
import { fieldsOf, withoutUndefined, type Fields } from '../../model/json.ts'
import type { KubeAuditConfig } from './config.ts'
import { kindOf } from './map-kinds.ts'

export type Left = 'stage' | 'verb' | 'malformed'

const longest = 4096

function textOf(value: unknown) {
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : undefined
}

function textsOf(value: unknown) {
  return Array.isArray(value) ? value.map(textOf).filter((text) => text !== undefined) : []
}

const utf8 = new TextEncoder()

const mask = () => mark
const texts = new TextRedactor({ mask })

/** The query contains the command of an `exec` and may contain tokens. */
function safeUri(uri: string): string {
  const [path = '', query] = uri.split(/\?(.*)/s, 2)
  if (query === undefined) return texts.redact(uri)
  const parameters = [...new URLSearchParams(query)]
  const values = redactArguments(
    parameters.map(([, value]) => value),
    mask,
    (value) => texts.redact(value),
  )
  const safe = parameters.map(([name], index): [string, string] => [
    name,
    isSecretValue(values[index] ?? '', texts.suspicionOf(name)) ? mask() : (values[index] ?? ''),
  ])
  const changed = parameters.some(([, value], index) => value !== safe[index]?.[1])
  return `${texts.redact(path)}?${changed ? new URLSearchParams(safe).toString() : query}`
}

type Settings = Pick<KubeAuditConfig, 'cluster' | 'stages' | 'verbs'> & Partial<Pick<KubeAuditConfig, 'interactive'>>

/** Subresources that open a connection. Clients choose GET or POST for it, and its start is logged first. */
const connecting = new Set(['exec', 'attach', 'portforward', 'proxy'])
const startStages = new Set(['ResponseStarted', 'ResponseComplete', 'Panic'])

/** Request and response bodies are read but not stored. */
export function mapAuditEvent(
  item: unknown,
  { cluster, stages, verbs, interactive = true }: Settings,
): WeirEvent | Left {
  const given = fieldsOf(item)
  const [auditID, stage, verb, received] = ['auditID', 'stage', 'verb', 'requestReceivedTimestamp'].map((name) =>
    textOf(given[name]),
  )
  const time = Date.parse(received ?? '')
  if (
    auditID === undefined ||
    stage === undefined ||
    verb === undefined ||
    received === undefined ||
    Number.isNaN(time)
  )
    return 'malformed'
  const connects = interactive && connecting.has(textOf(fieldsOf(given['objectRef'])['subresource']) ?? '')
  const isWanted = (stages as readonly string[]).includes(stage)
  if (!isWanted && !(connects && startStages.has(stage))) return 'stage'
  if (!connects && verbs.length > 0 && !verbs.includes(verb)) return 'verb'
  const [user, impersonated] = [fieldsOf(given['user']), fieldsOf(given['impersonatedUser'])]
  const actor = textOf(impersonated['username']) === undefined ? user : impersonated
  const groups = textsOf(actor['groups'])
  const uri = safeUri(textOf(given['requestURI']) ?? '')
  const code = fieldsOf(given['responseStatus'])['code']
  const annotations = Object.fromEntries(
    Object.entries(fieldsOf(given['annotations'])).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, texts.redact(value.slice(0, longest))]] : [],
    ),
  )
  const object = objectOf(given)
  const data = withoutUndefined<AuditData>({
    cluster,
    auditID,
    verb,
    user: withoutUndefined({
      username: textOf(actor['username']) ?? '',
      uid: textOf(actor['uid']),
      groups: groups.length === 0 ? undefined : groups,
    }),
    impersonatedBy: actor === user ? undefined : textOf(user['username']),
    sourceIPs: textsOf(given['sourceIPs']),
    userAgent: textOf(given['userAgent']),
    uri,
    code: typeof code === 'number' ? code : undefined,
    object: object?.object,
    audit: recordOf({
      cluster,
      verb,
      auditID,
      stage,
      code,
      name: textOf(actor['username']),
      uid: textOf(actor['uid']),
      by: actor === user ? undefined : textOf(user['username']),
      address: textsOf(given['sourceIPs'])[0],
      object: object?.object,
    }),
    received,
    completed: stage === 'RequestReceived' ? undefined : textOf(given['stageTimestamp']),
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  })
  const subject = object === undefined ? (uri.split('?', 1)[0] ?? '') : subjectOf(object.object)
  const ref =
    object?.kind === undefined || object.object.name === undefined
      ? undefined
      : kubernetesRef({
          cluster,
          group: object.object.group,
          kind: object.kind,
          namespace: object.object.namespace ?? '',
          name: object.object.name,
        })
  return {
    // The stages of one connection are one event: the first that is received.
    id: `${auditID}/${connects && startStages.has(stage) ? 'connect' : stage}`,
    source: `/kubernetes/${cluster}`,
    type: kubernetesTypes.audit,
    family: 'audit',
    time,
    datacontenttype: 'application/json',
    key: `${cluster}/${object?.object.uid ?? subject}`,
    ...(subject === '' ? {} : { subject }),
    ...(ref === undefined ? {} : { ref }),
    encoding: 'json',
    data: utf8.encode(JSON.stringify(data)),
  }
}

type AuditFacts = Readonly<{
  cluster: string
  verb: string
  auditID: string
  stage: string
  code: unknown
  name: string | undefined
  uid: string | undefined
  by: string | undefined
  address: string | undefined
  object: AuditObject | undefined
}>

/** User of requests without credentials. */
const anonymous = 'system:anonymous'

function recordOf({ cluster, verb, auditID, stage, code, name, uid, by, address, object }: AuditFacts): AuditRecord {
  const status = typeof code === 'number' ? code : Number.NaN
  const severity = stage === 'Panic' || status >= 500 ? 'incident' : severityOfCode(status)
  const kind =
    name === undefined
      ? 'unknown'
      : name === anonymous
        ? 'anonymous'
        : by !== undefined
          ? 'session'
          : name.startsWith('system:')
            ? 'service'
            : 'user'
  return withoutUndefined<AuditRecord>({
    actor: withoutUndefined<AuditRecord['actor']>({
      kind,
      id: uid,
      name,
      domain: cluster,
      impersonatedBy: by === undefined ? undefined : { name: by, domain: cluster },
      address,
    }),
    action: verb,
    service: 'kubernetes',
    tenant: cluster,
    region: undefined,
    outcome: outcomeOf(severity),
    severity,
    requestId: auditID,
    resource:
      object === undefined
        ? undefined
        : withoutUndefined({
            type: typeOf(object),
            id: object.uid,
            name: [object.namespace, object.name].filter((part) => part !== undefined).join('/') || undefined,
          }),
  })
}

function typeOf({ resource, group, subresource }: AuditObject) {
  return `${group === '' ? resource : `${resource}.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
}

/** A response adds a generated name, the id and the new version. */
function objectOf(given: Fields): Readonly<{ object: AuditObject; kind: string | undefined }> | undefined {
  const objectRef = fieldsOf(given['objectRef'])
  const resource = textOf(objectRef['resource'])
  if (resource === undefined) return undefined
  const group = textOf(objectRef['apiGroup']) ?? ''
  const subresource = textOf(objectRef['subresource'])
  const answer = fieldsOf(given['responseObject'])
  // A collection has no object version; a Status describes another object.
  const whole = textOf(answer['kind']) !== 'Status' && answer['items'] === undefined ? fieldsOf(answer['metadata']) : {}
  const details = fieldsOf(fieldsOf(given['responseStatus'])['details'])
  const object = withoutUndefined<AuditObject>({
    group,
    version: textOf(objectRef['apiVersion']) ?? '',
    resource,
    subresource,
    namespace: textOf(objectRef['namespace']),
    name: textOf(objectRef['name']) ?? textOf(whole['name']),
    uid: textOf(whole['uid']) ?? textOf(details['uid']) ?? textOf(objectRef['uid']),
    resourceVersion: textOf(whole['resourceVersion']),
    basedOn: textOf(objectRef['resourceVersion']),
  })
  return {
    object,
    kind:
      kindOf(resource, group) ??
      (subresource === undefined && Object.keys(whole).length > 0 ? textOf(answer['kind']) : undefined),
  }
}

function subjectOf({ resource, group, namespace, name }: AuditObject) {
  return [group === '' ? resource : `${resource}.${group}`, namespace, name]
    .filter((part) => part !== undefined)
    .join('/')
}
