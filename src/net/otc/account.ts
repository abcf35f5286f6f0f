import type { Host } from '../../host/index.ts'
import { revealSecret } from '../secrets.ts'
import { readTls, type TlsOptions } from '../tls.ts'
import { readCloud, type CloudEntry } from './clouds.ts'
import { isSecure } from '../http/loopback.ts'
import type { OtcLogin, OtcProject } from './settings.ts'
import type { Tls } from '../../schema/index.ts'
import { withoutUndefined } from '../../model/json.ts'

export type IdOrName = Readonly<{
  id?: string
  name?: string
}>

type Proof =
  | Readonly<{ type: 'keys'; access: string; secret: string; token: string | undefined }>
  | Readonly<{ type: 'password'; user: IdOrName; domain: IdOrName | undefined; password: string }>

export type Account = Readonly<{
  iam: string
  proof: Proof
  project: IdOrName
  domain: IdOrName | undefined
  region: string
  tls: TlsOptions | undefined
  /** Agency that grants access to projects of another domain. */
  agency?: Readonly<{ name: string; domain: IdOrName }>
}>

export type AccountEnvironment = Readonly<{
  host: Pick<Host, 'disk'>
  env: Readonly<Record<string, string | undefined>>
}>

export type OtcCloud = keyof typeof hosts

/** Settings of the login of an account. */
export type AccountSettings = Pick<OtcLogin, 'region' | 'auth' | 'iam'> & Readonly<{ cloud: OtcCloud; tls: Tls | null }>

const hosts = { otc: 'otc.t-systems.com', huawei: 'myhuaweicloud.com' } as const

export function defaultHost(cloud: OtcCloud, service: string, region: string): string {
  return `https://${service}.${region}.${hosts[cloud]}`
}

export async function accountOf(
  config: AccountSettings,
  project: OtcProject | undefined,
  around: AccountEnvironment,
): Promise<Account> {
  const { auth } = config
  if (auth.type === 'clouds')
    return ofCloud(
      config,
      project,
      await readCloud({ cloud: auth.cloud ?? undefined, file: auth.file ?? undefined }, around),
      around,
    )
  if (project === undefined) throw new Error('no project is configured: set `projects`')
  const region = regionOf(project) ?? config.region
  const home = auth.type === 'keys' || auth.domain === null ? undefined : { name: auth.domain }
  const agency =
    auth.type === 'keys' || auth.agency === null
      ? undefined
      : { name: auth.agency, domain: named(auth.agency_domain_id, auth.agency_domain) }
  return {
    iam: withVersion(config.iam ?? defaultHost(config.cloud, 'iam', region)),
    region,
    domain: agency?.domain ?? home,
    ...withoutUndefined({ agency }),
    project: named(project.id, project.name),
    tls: await readTls(config.tls, around.host.disk),
    proof:
      auth.type === 'keys'
        ? {
            type: 'keys',
            access: revealSecret(auth.access_key).trim(),
            secret: revealSecret(auth.secret_key).trim(),
            token: auth.security_token === null ? undefined : revealSecret(auth.security_token).trim(),
          }
        : {
            type: 'password',
            user: named(auth.user_id, auth.user),
            domain: home,
            password: revealSecret(auth.password),
          },
  }
}

async function ofCloud(
  config: AccountSettings,
  project: OtcProject | undefined,
  cloud: CloudEntry,
  { host }: AccountEnvironment,
): Promise<Account> {
  const { auth, verify, ca, cert, key } = cloud
  const agency =
    auth.target_agency_name === undefined
      ? undefined
      : { name: auth.target_agency_name, domain: named(auth.target_domain_id, auth.target_domain_name) }
  if (agency !== undefined && any(agency.domain) === undefined)
    throw new Error('clouds.yaml names an agency without its domain: set `target_domain_id` or `target_domain_name`')
  const wanted =
    project === undefined
      ? agency === undefined || auth.target_project_name === undefined
        ? named(auth.project_id, auth.project_name)
        : { name: auth.target_project_name }
      : named(project.id, project.name)
  if (wanted.id === undefined && wanted.name === undefined)
    throw new Error('neither `projects` nor clouds.yaml names a project: set `project_name` there')
  const region =
    (project === undefined ? undefined : regionOf(project)) ??
    cloud.region ??
    regionOf({ region: null, name: wanted.name ?? null }) ??
    config.region
  const iam = withVersion(
    config.iam ?? auth.auth_url?.replaceAll('{region_name}', region) ?? defaultHost(config.cloud, 'iam', region),
  )
  if (!isSecure(iam)) throw new Error(`credentials would go over plain HTTP to ${iam}: use https:// in \`auth_url\``)
  const home = named(
    auth.user_domain_id ?? auth.domain_id,
    auth.user_domain_name ?? auth.domain_name ?? auth.default_domain,
  )
  const domain = {
    ...home,
    ...(auth.project_domain_id === undefined && auth.project_domain_name === undefined
      ? {}
      : named(auth.project_domain_id, auth.project_domain_name)),
  }
  const own =
    config.tls ??
    (verify && ca === undefined && cert === undefined
      ? null
      : { ca_file: ca ?? null, cert_file: cert ?? null, key_file: key ?? null, server_name: null, verify })
  return {
    iam,
    region,
    project: wanted,
    domain: agency?.domain ?? any(domain),
    ...withoutUndefined({ agency }),
    tls: await readTls(own, host.disk),
    proof: proofIn(auth, any(home)),
  }
}

/** Access keys take precedence over a password. */
function proofIn(auth: CloudEntry['auth'], domain: IdOrName | undefined): Proof {
  if (auth.target_agency_name === undefined && auth.ak !== undefined && auth.sk !== undefined)
    return { type: 'keys', access: auth.ak, secret: auth.sk, token: auth.security_token }
  if (auth.password !== undefined && (auth.username !== undefined || auth.user_id !== undefined)) {
    if (auth.user_id === undefined && domain === undefined)
      throw new Error('clouds.yaml names a user without a domain: set `user_domain_name`')
    return { type: 'password', user: named(auth.user_id, auth.username), domain, password: auth.password }
  }
  if (auth.target_agency_name !== undefined)
    throw new Error(
      "the agency in clouds.yaml (`target_agency_name`) requires a user with `password`: access keys can't " +
        'assume an agency',
    )
  throw new Error(
    `clouds.yaml has neither \`ak\` and \`sk\` nor a user with ` +
      `\`password\`${auth.token === undefined ? '' : "; a token can't be renewed and is not supported"}`,
  )
}

function named(id: string | null | undefined, name: string | null | undefined): IdOrName {
  return {
    ...(id === null || id === undefined ? {} : { id }),
    ...(name === null || name === undefined ? {} : { name }),
  }
}

function any(owner: IdOrName) {
  return owner.id === undefined && owner.name === undefined ? undefined : owner
}

/** Default: the prefix of the project name (`eu-de_prod`). */
function regionOf({ region, name }: Pick<OtcProject, 'region' | 'name'>) {
  return region ?? (name === null ? undefined : /^([a-z0-9]+(?:-[a-z0-9]+)+)(?:_|$)/.exec(name)?.[1])
}

function withVersion(url: string) {
  const plain = url.replace(/\/+$/, '')
  return /\/v\d[\w.]*$/.test(plain) ? plain : `${plain}/v3`
}
