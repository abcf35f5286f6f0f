/** Who we are towards IAM, and where IAM is: out of the settings, or of clouds.yaml. */
import type { Host } from '../../host/index.ts'
import { revealSecret } from '../../net/secrets.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import type { OtcCtsConfig, ProjectConfig } from './config.ts'

/** Something that IAM knows by its id, or by its name. */
export interface Named {
  readonly id?: string
  readonly name?: string
}

export type Proof =
  | { readonly type: 'keys'; readonly access: string; readonly secret: string; readonly token: string | undefined }
  | { readonly type: 'password'; readonly user: Named; readonly domain: Named | undefined; readonly password: string }

export interface Account {
  /** With its version and no slash at the end. */
  readonly iam: string
  readonly proof: Proof
  readonly project: Named
  /** Of the project, where its name is to be understood. */
  readonly domain: Named | undefined
  readonly region: string
  readonly tls: TlsOptions | undefined
}

/** What an account needs of its surroundings. */
export interface Surroundings {
  readonly host: Pick<Host, 'disk'>
  readonly env: Readonly<Record<string, string | undefined>>
}

const hosts = { otc: 'otc.t-systems.com', huawei: 'myhuaweicloud.com' } as const

/** Where a service of a cloud is when nobody says. */
export function usualHost(cloud: OtcCtsConfig['cloud'], service: 'iam' | 'cts', region: string): string {
  return `https://${service}.${region}.${hosts[cloud]}`
}

/** Secrets and files are read for each login. `project`: undefined for the one that clouds.yaml names. Throws in words. */
export async function accountOf(config: OtcCtsConfig, project: ProjectConfig | undefined, around: Surroundings): Promise<Account> {
  const { auth } = config
  if (auth.type === 'clouds') throw new Error('clouds.yaml can not be read yet')
  if (project === undefined) throw new Error('no project is named: set `projects`')
  const region = regionOf(project) ?? config.region
  return {
    iam: withVersion(config.iam ?? usualHost(config.cloud, 'iam', region)), region,
    project: named(project.id, project.name), tls: await readTls(config.tls, around.host.disk),
    ...(auth.type === 'keys'
      ? { domain: undefined, proof: { type: 'keys', access: revealSecret(auth.access_key).trim(), secret: revealSecret(auth.secret_key).trim(), token: auth.security_token === null ? undefined : revealSecret(auth.security_token).trim() } }
      : { domain: auth.domain === null ? undefined : { name: auth.domain }, proof: { type: 'password', user: named(auth.user_id, auth.user), domain: auth.domain === null ? undefined : { name: auth.domain }, password: revealSecret(auth.password) } }),
  }
}

function named(id: string | null, name: string | null): Named {
  return { ...(id === null ? {} : { id }), ...(name === null ? {} : { name }) }
}

/** What a project says of its region: `eu-de_prod` is in `eu-de`. */
export function regionOf({ region, name }: Pick<ProjectConfig, 'region' | 'name'>): string | undefined {
  return region ?? (name === null ? undefined : /^([a-z0-9]+(?:-[a-z0-9]+)+)(?:_|$)/.exec(name)?.[1])
}

export function withVersion(url: string): string {
  const plain = url.replace(/\/+$/, '')
  return /\/v\d[\w.]*$/.test(plain) ? plain : `${plain}/v3`
}
