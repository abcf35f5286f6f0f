import type { AuditResource } from '../../model/audit.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'

export interface FoundResource extends AuditResource {
  readonly type: string
  readonly service: string
}

const services: readonly (readonly [RegExp, string])[] = [
  [/^sks-/, 'sks'],
  [/^dbaas-/, 'dbaas'],
  [/^(?:dns-|reverse-dns)/, 'dns'],
  [/^(?:api-key|access-key|iam-|user$|organization)/, 'iam'],
  [/^sos-/, 'sos'],
  [/^kms-/, 'kms'],
]
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

export function resourceOf(event: Fields): FoundResource | undefined {
  const params = fieldsOf(event['path-params'])
  const parts = (pathOf(event) ?? '')
    .split('/')
    .filter((part) => part !== '' && part !== 'v2')
    .map((part) => decoded(part.replace(/:[a-z-]+$/, '')))
  // A trailing kind is an action or a new object.
  const kinds = parts.filter((_, at) => at % 2 === 0 && (at === 0 || at + 1 < parts.length))
  const type = kinds.length === 0 ? /^[a-z]+-(.+)$/.exec(textOf(event['handler']) ?? '')?.[1] : kinds.join('-')
  if (type === undefined) return undefined
  const id = kinds.length === 0 ? (textOf(params['id']) ?? textOf(params['name'])) : parts[kinds.length * 2 - 1]
  const name = textOf(fieldsOf(event['body-params'])['name']) ?? (id !== undefined && !uuid.test(id) ? id : undefined)
  return {
    ...withoutUndefined<AuditResource>({ id, name }),
    type,
    service: services.find(([pattern]) => pattern.test(type))?.[1] ?? 'compute',
  }
}

export function pathOf(event: Fields): string | undefined {
  const uri = textOf(event['uri'])
  return uri === undefined ? undefined : (URL.parse(uri)?.pathname ?? uri).replace(/[?#].*$/, '')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
