// The realm of deploy/terraform in a real Keycloak: the tokens that Grafana gets, and the role that they lead to.
import { compile, TreeInterpreter, type JSONValue } from '@jmespath-community/jmespath'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findTerraform, render, type RenderOutputs } from '../terraform/render.ts'
import { installKeycloak } from './install/keycloak.ts'
import { passwordOf, startKeycloak, type Keycloak } from './kit/keycloak.ts'

const installed = await installKeycloak()
const terraform = await findTerraform()
const secret = 'secret-of-grafana'
let keycloak: Keycloak
let outputs: RenderOutputs

interface Client {
  readonly id: string
  readonly redirectUris: readonly string[]
}

beforeAll(async () => {
  if (installed.path === undefined || terraform === undefined) return
  outputs = await render({
    domain: 'example.org',
    ingress: { tls_secret: 'stack-tls' },
    components: { keycloak: true, weir: false },
    oidc: { client_secret: { name: 'grafana-oidc', key: 'client_secret' } },
    grafana: { admin_secret: 'grafana-admin' },
    keycloak: {
      realm: 'ops',
      admin_secret: 'keycloak-admin',
      github_secret: 'keycloak-github',
      users: [
        { github_id: '1', login: 'Ada', roles: ['admin'] },
        { github_id: '2', login: 'Ed', roles: ['editor'] },
      ],
    },
  })
  keycloak = await startKeycloak({
    realm: outputs.config_maps['keycloak-realm']!.data['realm.json']!,
    env: { GITHUB_CLIENT_ID: 'id-of-github', GITHUB_CLIENT_SECRET: 'secret-of-github', GRAFANA_CLIENT_SECRET: secret },
  })
  // Users log in at GitHub; here they get passwords, and the client may send them.
  const { manage } = keycloak
  await manage('POST', '/ops/users', { username: 'guest', enabled: true })
  for (const user of (await manage('GET', '/ops/users')) as { id: string; username: string }[])
    await manage('PUT', `/ops/users/${user.id}`, {
      ...user,
      email: `${user.username}@example.org`,
      emailVerified: true,
      firstName: user.username,
      lastName: 'Of the test',
      credentials: [{ type: 'password', value: passwordOf(user.username), temporary: false }],
    })
  const [client] = (await manage('GET', '/ops/clients?clientId=grafana')) as Client[]
  await manage('PUT', `/ops/clients/${client!.id}`, { ...client, directAccessGrantsEnabled: true })
}, 1_200_000)
afterAll(() => keycloak?.stop())
beforeEach((context) => {
  if (installed.path === undefined) context.skip(installed.reason)
  if (terraform === undefined) context.skip('there is no terraform on the PATH')
})

/** What Grafana reads: the ID token and the userinfo. */
async function claimsOf(username: string): Promise<{ idToken: JSONValue; userinfo: JSONValue }> {
  const issuer = `${keycloak.url}/realms/ops/protocol/openid-connect`
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'grafana',
      client_secret: secret,
      username,
      password: passwordOf(username),
      scope: 'openid profile email roles',
    }),
  })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  const { id_token: idToken, access_token: access } = JSON.parse(text) as { id_token: string; access_token: string }
  const userinfo = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${access}` } })
  return { idToken: decodeJwt(idToken) as JSONValue, userinfo: (await userinfo.json()) as JSONValue }
}

describe('keycloak of the stack', () => {
  test.for([
    ['ada', 'Admin'],
    ['ed', 'Editor'],
    ['guest', false],
  ] as const)('gives %s the role %s, in the ID token and the userinfo', async ([user, expected]) => {
    const path = compile(outputs.role_attribute_path)
    const { idToken, userinfo } = await claimsOf(user)
    expect([idToken, userinfo].map((claims) => TreeInterpreter.search(path, claims))).toEqual([expected, expected])
  })

  test('has GitHub as broker with the secret of its environment, and users linked by id', async () => {
    expect(await keycloak.manage('GET', '/ops/identity-provider/instances/github')).toMatchObject({
      providerId: 'github',
      enabled: true,
      config: { clientId: 'id-of-github' },
    })
    const [ada] = (await keycloak.manage('GET', '/ops/users?username=ada')) as { id: string }[]
    expect(await keycloak.manage('GET', `/ops/users/${ada!.id}/federated-identity`)).toEqual([
      { identityProvider: 'github', userId: '1', userName: 'Ada' },
    ])
  })

  test('lets only Grafana receive codes', async () => {
    const [client] = (await keycloak.manage('GET', '/ops/clients?clientId=grafana')) as Client[]
    expect(client!.redirectUris).toEqual(['https://grafana.example.org/login/generic_oauth'])
  })
})
