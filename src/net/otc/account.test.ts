import { expect, test } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import type { Disk } from '../../host/index.ts'
import { accountOf, type Account } from './account.ts'
import { otcCtsSchema } from '../../connectors/otc-cts/config.ts'

type Files = Readonly<Record<string, string>>

function account(
  files: Files,
  env: Readonly<Record<string, string>> = {},
  auth: { readonly cloud?: string; readonly file?: string } = {},
  projects: readonly { readonly name: string }[] = [],
): Promise<Account> {
  const disk = {
    stat: (path: string) => Promise.resolve(files[path] === undefined ? undefined : { size: 1 }),
    readFile: (path: string) => Promise.resolve(Buffer.from(files[path] ?? '')),
  } as unknown as Disk
  return accountOf(
    configFrom(otcCtsSchema, { auth: { type: 'clouds', ...auth }, projects: [...projects] }),
    configFrom(otcCtsSchema, { auth: { type: 'clouds' }, projects: [...projects] }).projects[0],
    { host: { disk }, env: { HOME: '/home/weir', ...env } },
  )
}

const password =
  '\n' +
  'clouds:\n' +
  '  otc:\n' +
  `    auth: {auth_url: 'https://iam.eu-de.otc.t-systems.com:443/v3', username: weir, password: ` +
  's3cret, user_domain_name: OTC1, project_name: eu-de_prod}\n' +
  '    interface: public\n' +
  '    identity_api_version: 3\n'

test('a user of clouds.yaml selects the account, project and region', async () => {
  expect(await account({ 'clouds.yaml': password })).toEqual({
    iam: 'https://iam.eu-de.otc.t-systems.com:443/v3',
    region: 'eu-de',
    project: { name: 'eu-de_prod' },
    domain: { name: 'OTC1' },
    tls: undefined,
    proof: { type: 'password', user: { name: 'weir' }, domain: { name: 'OTC1' }, password: 's3cret' },
  })
})

test('an agency of clouds.yaml and the projects read through it belong to another domain', async () => {
  const more = 'target_agency_name: readers, target_domain_id: d7, target_project_name: eu-nl_shop, ak: a, sk: b, '
  expect(await account({ 'clouds.yaml': password.replace('project_name:', `${more}project_name:`) })).toMatchObject({
    project: { name: 'eu-nl_shop' },
    region: 'eu-nl',
    domain: { id: 'd7' },
    agency: { name: 'readers', domain: { id: 'd7' } },
    proof: { type: 'password', user: { name: 'weir' }, domain: { name: 'OTC1' } },
  })
})

test('the first existing file wins as a whole: working directory, home directory, /etc', async () => {
  const other = password.replaceAll('eu-de', 'eu-nl')
  const all = {
    'clouds.yaml': password,
    '/home/weir/.config/openstack/clouds.yml': other,
    '/etc/openstack/clouds.json': '{"clouds": {}}',
  }
  expect((await account(all)).region).toBe('eu-de')
  expect((await account(all, { OS_CLIENT_CONFIG_FILE: '/home/weir/.config/openstack/clouds.yml' })).region).toBe(
    'eu-nl',
  )
  expect((await account(all, { OS_CLIENT_CONFIG_FILE: '/not/there' })).region).toBe('eu-de')
  const { 'clouds.yaml': _, ...rest } = all
  expect((await account(rest)).region).toBe('eu-nl')
})

test('keys inside and beside `auth` take precedence over a password; the profile sets the endpoint', async () => {
  const proof = { type: 'keys', access: 'AK', secret: 'SK', token: undefined }
  expect(
    await account({
      'clouds.yaml': 'clouds: {otc: {profile: otc, ak: AK, sk: SK, auth: {username: "", project_name: eu-nl_x}}}',
    }),
  ).toMatchObject({ proof, iam: 'https://iam.eu-nl.otc.t-systems.com/v3', region: 'eu-nl' })
  expect(await account({ 'clouds.yaml': password.replace('{auth_url', '{ak: AK, sk: SK, auth_url') })).toMatchObject({
    proof,
  })
  expect(
    await account({
      'clouds.yaml': 'clouds: {otc: {auth: {ak: AK, sk: SK, security_token: T, project_id: abc}, region_name: eu-ch2}}',
    }),
  ).toMatchObject({ proof: { ...proof, token: 'T' }, project: { id: 'abc' }, region: 'eu-ch2' })
})

test('secure.yaml wins, variables fill empty values, and a vendor file has profiles', async () => {
  const open = {
    'clouds.yaml':
      'clouds: {a: {profile: own, auth: {username: weir, password: "", user_domain_name: D, project_name: ' +
      'p_q}, region_name: r1, verify: false}}',
  }
  const vendor = {
    '/etc/openstack/clouds-public.yaml':
      'public-clouds: {own: {auth: {auth_url: "https://iam.{region_name}.example.com"}, region_name: r2}}',
  }
  expect(
    await account({ ...open, ...vendor }, { OS_PASSWORD: 'of the environment', OS_USERNAME: 'another' }),
  ).toMatchObject({
    proof: { user: { name: 'weir' }, password: 'of the environment' },
    iam: 'https://iam.r1.example.com/v3',
    tls: { rejectUnauthorized: false },
  })
  expect(
    await account(
      { ...open, ...vendor, 'secure.yaml': 'clouds: {a: {auth: {password: of the file}}}' },
      { OS_PASSWORD: 'x' },
    ),
  ).toMatchObject({ proof: { password: 'of the file' } })
})

test('without a file the environment defines the cloud', async () => {
  const env = {
    OS_AUTH_URL: 'https://iam.eu-de.otc.t-systems.com/v3',
    OS_AK: 'AK',
    OS_SK: 'SK',
    OS_TENANT_NAME: 'eu-de_prod',
  }
  expect(await account({}, env)).toMatchObject({
    proof: { type: 'keys', access: 'AK' },
    project: { name: 'eu-de_prod' },
  })
})

test('projects of the settings use the same login, each in its region', async () => {
  expect(
    await account({ 'clouds.yaml': password.replace(/auth_url: '[^']+', /, '') }, {}, {}, [{ name: 'eu-nl_prod' }]),
  ).toMatchObject({ project: { name: 'eu-nl_prod' }, region: 'eu-nl', iam: 'https://iam.eu-nl.otc.t-systems.com/v3' })
})

test.each<readonly [string, Files, Parameters<typeof account>[2], RegExp]>([
  [
    'nothing there',
    {},
    {},
    new RegExp(
      'clouds\\.yaml not found in clouds\\.yaml, clouds\\.yml, clouds\\.json, ' +
        '/home/weir/\\.config/openstack/clouds\\.yaml, ' +
        '.*/etc/openstack/clouds\\.json',
    ),
  ],
  ['a configured file that does not exist', {}, { file: '/x.yaml' }, /clouds.yaml not found in \/x\.yaml;/],
  [
    'an unknown cloud',
    { 'clouds.yaml': 'clouds: {a: {}, b: {}}' },
    { cloud: 'c' },
    /clouds\.yaml has no cloud c; it has a, b/,
  ],
  ['no choice', { 'clouds.yaml': 'clouds: {a: {}, b: {}}' }, {}, /has the clouds a, b: select one/],
  [
    'broken YAML',
    { 'clouds.yaml': "clouds:\n  otc:\n    auth: {project_name: 'eu-de_prod}\n" },
    {},
    /^clouds\.yaml:\d+:\d+: /,
  ],
  ['nobody', { 'clouds.yaml': 'clouds: {a: {auth: {project_name: p}}}' }, {}, /neither `ak` and `sk` nor a user/],
  ['a token alone', { 'clouds.yaml': 'clouds: {a: {auth: {project_name: p, token: t}}}' }, {}, /can't be renewed/],
  [
    'an agency',
    {
      'clouds.yaml': 'clouds: {a: {auth: {project_name: p, ak: a, sk: b, target_agency_name: c, target_domain_id: d}}}',
    },
    {},
    /agency in clouds.yaml .*requires a user with `password`/,
  ],
  [
    'an agency without its domain',
    { 'clouds.yaml': password.replace('project_name:', 'target_agency_name: readers, project_name:') },
    {},
    /names an agency without its domain/,
  ],
  ['no project', { 'clouds.yaml': 'clouds: {a: {auth: {ak: a, sk: b}}}' }, {}, /names a project/],
  [
    'plain HTTP',
    { 'clouds.yaml': 'clouds: {a: {auth: {auth_url: "http://iam.example.com", project_name: p, ak: a, sk: b}}}' },
    {},
    /over plain HTTP/,
  ],
])('%s has a readable error', async (_, files, auth, words) => {
  await expect(account(files, {}, auth)).rejects.toThrow(words)
})
