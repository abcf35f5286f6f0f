import type { HttpAnswer } from '../http/client.ts'
import { withoutUndefined, isRecord, textOf, type Fields } from '../../model/json.ts'
import type { Account, IdOrName } from './account.ts'
import { OtcError, type OtcService } from './errors.ts'

export type Token = Readonly<{
  text: string
  until: number
}>

type Project = Readonly<{
  id: string
  name?: string | undefined
  domain?: string | undefined
}>

export function tokenRequest({ proof, project, domain, agency }: Account): object {
  if (proof.type !== 'password') throw new OtcError('login', 'a token requires a password')
  const { user } = proof
  const who =
    user.id === undefined
      ? { ...user, ...(proof.domain === undefined ? {} : { domain: proof.domain }) }
      : { id: user.id }
  const scope = proof.domain === undefined ? {} : { scope: { domain: proof.domain } }
  return {
    auth: {
      identity: { methods: ['password'], password: { user: { ...who, password: proof.password } } },
      ...(agency === undefined ? { scope: { project: projectOf(project, domain) } } : scope),
    },
  }
}

/** Authorized by the user's own token. */
export function agencyRequest({ name, domain }: NonNullable<Account['agency']>, project: IdOrName): object {
  const of = domain.id === undefined ? { domain_name: domain.name } : { domain_id: domain.id }
  return {
    auth: {
      identity: { methods: ['assume_role'], assume_role: { ...of, xrole_name: name } },
      scope: { project: projectOf(project, domain) },
    },
  }
}

function projectOf(project: IdOrName, domain: IdOrName | undefined): object {
  return project.id === undefined ? { name: project.name, ...withoutUndefined({ domain }) } : { id: project.id }
}

export function ownTokenIn({ headers }: HttpAnswer): string {
  const text = headers['x-subject-token']
  if (typeof text !== 'string') throw new OtcError('shape', 'IAM responded without a token')
  return text
}

export function tokenIn(
  { headers }: HttpAnswer,
  body: Fields,
): Readonly<{ token: Token; project: Project; domain: string | undefined; catalog: unknown }> {
  const token = isRecord(body['token']) ? body['token'] : {}
  const text = headers['x-subject-token']
  const until = Date.parse(textOf(token['expires_at']) ?? '')
  const project = isRecord(token['project']) ? token['project'] : {}
  const id = textOf(project['id'])
  if (typeof text !== 'string' || Number.isNaN(until) || id === undefined)
    throw new OtcError('shape', 'IAM responded without a token for the project')
  return {
    token: { text, until },
    project: { id, name: textOf(project['name']) },
    domain: domainOf(token['user']) ?? domainOf(project),
    catalog: token['catalog'],
  }
}

export function projectIn(body: Fields, wanted: IdOrName): Project {
  const all = isRecord(body['project'])
    ? [body['project']]
    : Array.isArray(body['projects'])
      ? (body['projects'] as unknown[]).filter(isRecord)
      : []
  const record = all.find(({ id, name }) => (wanted.id === undefined ? name === wanted.name : id === wanted.id))
  const id = textOf(record?.['id'])
  if (record === undefined || id === undefined)
    throw new OtcError(
      'settings',
      `IAM has no accessible project ${wanted.name ?? wanted.id ?? ''}; correct \`projects\``,
    )
  return { id, name: textOf(record['name']), domain: textOf(record['domain_id']) ?? domainOf(record) }
}

/** Without version and project; undefined if the catalog has none. */
export function endpointIn(
  catalog: unknown,
  { types }: Pick<OtcService, 'types'>,
  region: string,
  project: string,
): string | undefined {
  const services = Array.isArray(catalog) ? (catalog as unknown[]).filter(isRecord) : []
  for (const type of types) {
    for (const { endpoints } of services.filter((service) => service['type'] === type)) {
      const endpoint = (Array.isArray(endpoints) ? (endpoints as unknown[]).filter(isRecord) : []).find(
        (record) => record['interface'] === 'public' && [record['region'], record['region_id']].includes(region),
      )
      const url = URL.parse((textOf(endpoint?.['url']) ?? '').replace(/\$\((?:tenant|project)_id\)s/g, project))
      if (url !== null) return `${url.origin}${url.pathname.replace(/(?:\/api)?\/v\d[\w.]*(?:\/.*)?$/, '')}`
    }
  }
  return undefined
}

function domainOf(of: unknown): string | undefined {
  const domain = isRecord(of) ? of['domain'] : undefined
  return isRecord(domain) ? textOf(domain['id']) : undefined
}
