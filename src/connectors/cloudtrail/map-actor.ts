import type { AuditActor, AuditPerson } from '../../model/audit.ts'
import { isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'

export function actorOf(identity: unknown, { kind, from }: { kind: string | undefined; from: unknown }): AuditActor {
  const address = textOf(from) === 'AWS Internal' ? undefined : textOf(from)
  if (!isRecord(identity))
    return withoutUndefined<AuditActor>({ kind: kind === 'AwsServiceEvent' ? 'system' : 'unknown', address })
  return withoutUndefined<AuditActor>({ ...whoIs(identity, kind), address })
}

function whoIs(identity: Fields, kind: string | undefined): Omit<AuditActor, 'address'> {
  const text = (name: string) => textOf(identity[name])
  const [type, domain, invoker] = [text('type'), text('accountId'), text('invokedBy')]
  const person = withoutUndefined<AuditPerson>({ id: text('principalId'), name: text('userName'), domain })
  switch (type) {
    case 'Root':
      return { kind: 'user', ...person, name: 'root' }
    case 'AssumedRole':
    case 'Role':
    case 'FederatedUser':
      return sessionOf(identity, person)
    case 'AWSService':
      return withoutUndefined<Omit<AuditActor, 'address'>>({ kind: 'system', name: invoker ?? text('principalId') })
    case 'SAMLUser':
    case 'WebIdentityUser':
      return {
        kind: 'user',
        ...person,
        ...withoutUndefined<AuditPerson>({ domain: text('identityProvider') ?? domain }),
      }
    case 'IdentityCenterUser':
      return { kind: 'user', ...person, ...behalfOf(identity) }
    case 'AWSAccount':
      return { kind: 'user', ...person, ...(person.id === undefined && domain !== undefined ? { id: domain } : {}) }
    default:
      return {
        kind:
          person.id !== undefined || person.name !== undefined
            ? type === 'Unknown'
              ? 'unknown'
              : 'user'
            : kind === 'AwsServiceEvent'
              ? 'system'
              : 'unknown',
        ...person,
      }
  }
}

/** The first identity of a role chain, the user of IAM Identity Center, or the session name. */
function sessionOf(identity: Fields, person: AuditPerson): Omit<AuditActor, 'address'> {
  const context = isRecord(identity['sessionContext']) ? identity['sessionContext'] : {}
  const issuer = isRecord(context['sessionIssuer']) ? context['sessionIssuer'] : {}
  const [role, session] = namesIn(textOf(identity['arn']) ?? '')
  const service = /:role\/aws-service-role\/([^/]+)\//.exec(textOf(issuer['arn']) ?? '')?.[1]
  const lender = withoutUndefined<AuditPerson>({
    id: textOf(issuer['principalId']) ?? person.id?.split(':')[0],
    name: service ?? textOf(issuer['userName']) ?? role ?? person.name,
    domain: textOf(issuer['accountId']) ?? person.domain,
  })
  if (service !== undefined) return { kind: 'system', ...lender }
  const name = textOf(context['sourceIdentity']) ?? session ?? person.id?.split(':')[1]
  const behind = { ...withoutUndefined<AuditPerson>({ name }), ...behalfOf(identity) }
  return { kind: 'session', ...lender, ...(Object.keys(behind).length === 0 ? {} : { impersonatedBy: behind }) }
}

function behalfOf({ onBehalfOf: who }: Fields) {
  return isRecord(who)
    ? withoutUndefined<AuditPerson>({ id: textOf(who['userId']), domain: textOf(who['identityStoreArn']) })
    : {}
}

/** `arn:aws:sts::1:assumed-role/ROLE/SESSION`, `…:federated-user/NAME`, `arn:aws:iam::1:role/path/ROLE`. */
function namesIn(arn: string): readonly [string | undefined, string | undefined] {
  const [, what = '', rest = ''] = /^arn:[^:]*:[^:]*:[^:]*:[^:]*:([a-z-]+)\/(.+)$/.exec(arn) ?? []
  if (what === 'federated-user') return [undefined, rest]
  if (what === 'assumed-role') return [rest.split('/')[0], rest.split('/').slice(1).join('/') || undefined]
  return [rest === '' ? undefined : rest.slice(rest.lastIndexOf('/') + 1), undefined]
}
