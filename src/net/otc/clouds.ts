/** As OpenStack clients: the first file of each kind wins; variables fill missing values. */
import { posix } from 'node:path'
import { isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { AccountEnvironment } from './account.ts'

type CloudWanted = Readonly<{
  cloud: string | undefined
  file: string | undefined
}>

export type CloudEntry = Readonly<{
  auth: Readonly<Partial<Record<AuthKey, string>>>
  region: string | undefined
  verify: boolean
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
}>

const authKeys = [
  'auth_url',
  'token',
  'username',
  'user_id',
  'password',
  'user_domain_name',
  'user_domain_id',
  'project_domain_name',
  'project_domain_id',
  'domain_name',
  'domain_id',
  'default_domain',
  'project_name',
  'project_id',
  'ak',
  'sk',
  'security_token',
  'target_agency_name',
  'target_domain_id',
  'target_domain_name',
  'target_project_name',
] as const
type AuthKey = (typeof authKeys)[number]

const variables: Readonly<Partial<Record<AuthKey, readonly string[]>>> = {
  auth_url: ['OS_AUTH_URL'],
  username: ['OS_USERNAME'],
  user_id: ['OS_USER_ID', 'OS_USERID'],
  password: ['OS_PASSWORD'],
  token: ['OS_TOKEN'],
  project_name: ['OS_PROJECT_NAME', 'OS_TENANT_NAME'],
  project_id: ['OS_PROJECT_ID', 'OS_TENANT_ID'],
  user_domain_name: ['OS_USER_DOMAIN_NAME'],
  user_domain_id: ['OS_USER_DOMAIN_ID'],
  project_domain_name: ['OS_PROJECT_DOMAIN_NAME'],
  project_domain_id: ['OS_PROJECT_DOMAIN_ID'],
  domain_name: ['OS_DOMAIN_NAME'],
  domain_id: ['OS_DOMAIN_ID'],
  ak: ['OS_ACCESS_KEY', 'OS_ACCESS_KEY_ID', 'OS_AK'],
  sk: ['OS_SECRET_KEY', 'OS_ACCESS_KEY_SECRET', 'OS_SK'],
  security_token: ['OS_SECURITY_TOKEN'],
}

const endings = ['yaml', 'yml', 'json'] as const
const profiles: Fields = { otc: { auth: { auth_url: 'https://iam.{region_name}.otc.t-systems.com/v3' } } }

type Found = Readonly<{
  path: string
  clouds: Fields
}>

export async function readCloud(wanted: CloudWanted, environment: AccountEnvironment): Promise<CloudEntry> {
  const { env } = environment
  const [file, secure, vendors] = await Promise.all([
    find('clouds', wanted.file ?? undefined, env['OS_CLIENT_CONFIG_FILE'], environment),
    find('secure', undefined, env['OS_CLIENT_SECURE_FILE'], environment),
    find('clouds-public', undefined, env['OS_CLIENT_VENDOR_FILE'], environment),
  ])
  const name = wanted.cloud ?? set(env['OS_CLOUD'])
  if (file === undefined) {
    if (name === undefined && wanted.file === undefined && set(env['OS_AUTH_URL']) !== undefined)
      return entryOf({}, env)
    throw new Error(
      'clouds.yaml not found in ' +
        `${searchPaths('clouds', wanted.file, env['OS_CLIENT_CONFIG_FILE'], env).join(', ')}; create it, or ` +
        'set OS_AUTH_URL and the related variables',
    )
  }
  const names = Object.keys(file.clouds)
  const chosen = name ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined)
    throw new Error(
      `${file.path} has ${names.length === 0 ? 'no cloud' : `the clouds ${names.join(', ')}`}: select one ` +
        `with \`auth.cloud\` or OS_CLOUD`,
    )
  const given = file.clouds[chosen]
  if (!isRecord(given)) throw new Error(`${file.path} has no cloud ${chosen}; it has ${names.join(', ') || 'none'}`)
  const profile = textOf(given['profile']) ?? textOf(given['cloud'])
  const vendor = profile === undefined ? {} : (vendors?.clouds[profile] ?? profiles[profile])
  return entryOf(mergeMaps(mergeMaps(given, secure?.clouds[chosen]), vendor, 'below'), env)
}

async function find(
  sort: 'clouds' | 'secure' | 'clouds-public',
  named: string | undefined,
  byVariable: string | undefined,
  around: AccountEnvironment,
): Promise<Found | undefined> {
  const { disk } = around.host
  for (const path of searchPaths(sort, named, byVariable, around.env)) {
    if ((await disk.stat(path).catch(() => undefined)) === undefined) continue
    const { parseYaml } = await import('../../schema/index.ts')
    const { value, problems } = parseYaml(Buffer.from(await disk.readFile(path)).toString('utf8'), path)
    const [first] = problems
    if (first !== undefined) throw new Error(`${path}:${first.line}:${first.column}: ${first.message}`)
    const clouds = isRecord(value) ? value[sort === 'clouds-public' ? 'public-clouds' : 'clouds'] : undefined
    if (!isRecord(clouds))
      throw new Error(`${path} has no map \`${sort === 'clouds-public' ? 'public-clouds' : 'clouds'}\``)
    return { path, clouds }
  }
  return undefined
}

function searchPaths(
  sort: string,
  named: string | undefined,
  byVariable: string | undefined,
  env: AccountEnvironment['env'],
): string[] {
  if (named !== undefined) return [named]
  const home =
    set(env['XDG_CONFIG_HOME']) ?? (set(env['HOME']) === undefined ? undefined : `${env['HOME'] ?? ''}/.config`)
  const folders = ['.', ...(home === undefined ? [] : [`${home}/openstack`]), '/etc/openstack']
  return [
    ...(set(byVariable) === undefined ? [] : [byVariable ?? '']),
    ...folders.flatMap((folder) => endings.map((ending) => posix.join(folder, `${sort}.${ending}`))),
  ]
}

/** Deep merge; empty values count as missing. */
function mergeMaps(base: Fields, more: unknown, which: 'above' | 'below' = 'above'): Fields {
  if (!isRecord(more)) return base
  const joined: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(more)) {
    const ownValue = joined[key]
    if (isRecord(ownValue) && isRecord(value)) joined[key] = mergeMaps(ownValue, value, which)
    else if (isEmpty(ownValue) || (which === 'above' && !isEmpty(value))) joined[key] = value
  }
  return joined
}

function entryOf(cloud: Fields, env: AccountEnvironment['env']): CloudEntry {
  const auth = isRecord(cloud['auth']) ? cloud['auth'] : {}
  const values = Object.fromEntries(
    authKeys.map((key) => {
      const byVariable = variables[key]?.map((name) => set(env[name])).find((value) => value !== undefined)
      return [
        key,
        textOf(auth[key]) ??
          (key === 'ak' || key === 'sk' || key === 'security_token' ? textOf(cloud[key]) : undefined) ??
          byVariable,
      ] as const
    }),
  )
  const insecure = /^(?:1|true)$/i.test(env['OS_INSECURE'] ?? '')
  return {
    auth: withoutUndefined<CloudEntry['auth']>(values),
    region: textOf(cloud['region_name']) ?? set(env['OS_REGION_NAME']),
    verify: typeof cloud['verify'] === 'boolean' ? cloud['verify'] : !insecure,
    ca: textOf(cloud['cacert']) ?? set(env['OS_CACERT']) ?? set(env['OS_CA_CERT']),
    cert: textOf(cloud['cert']),
    key: textOf(cloud['key']),
  }
}

function isEmpty(value: unknown) {
  return value === undefined || value === null || value === ''
}

function set(value: string | undefined) {
  return value === undefined || value === '' ? undefined : value
}
