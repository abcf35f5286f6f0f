import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realHost } from '../../../host/index.ts'
import { listening } from '../../../host/listen.ts'
import { LoginFailed, Provider } from './provider.ts'

type Given = Readonly<Record<string, unknown>>

const { privateKey, publicKey } = await generateKeyPair('RS256')
const login = { state: 'state', nonce: 'nonce', verifier: 'v'.repeat(43) }
let claims: Given = {}
let issuer = ''

const server = createServer((request, response) => {
  const answer = (body: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  if (request.url === '/.well-known/openid-configuration')
    answer({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
    })
  else if (request.url === '/keys')
    void exportJWK(publicKey).then((key) => answer({ keys: [{ ...key, alg: 'RS256', use: 'sig' }] }))
  else
    void signed({ sub: 'u-1', nonce: login.nonce, ...claims }).then((token) =>
      answer({ access_token: 'opaque', token_type: 'Bearer', id_token: token }),
    )
})

function signed(given: Given): Promise<string> {
  return new SignJWT(given)
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey)
}

beforeAll(async () => {
  await listening(server, { host: '127.0.0.1', port: 0 })
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
})
afterAll(() => void server.close())

const provider = () =>
  new Provider(
    { issuer, clientId: 'weir', scopes: ['openid'], role: "'viewer'", peers: 'hidden', clockToleranceMs: 0 },
    realHost(),
  )

async function signIn(given: Given): Promise<unknown> {
  claims = given
  return provider()
    .exchange(new URL(`${issuer}/callback?code=c&state=${login.state}`), login)
    .then(
      (identity) => identity.claims['sub'],
      (error: unknown) => (error instanceof LoginFailed ? 'refused' : error),
    )
}

test.each([
  [{ aud: 'weir' }, 'u-1'],
  [{ aud: ['weir'] }, 'u-1'],
  [{ aud: 'weir', azp: 'weir' }, 'u-1'],
  [{ aud: ['weir', 'other'], azp: 'weir' }, 'u-1'],
  [{ aud: 'weir', azp: 'other' }, 'refused'],
  [{ aud: 'weir', azp: '' }, 'refused'],
  [{ aud: ['weir', 'other'] }, 'refused'],
  [{ aud: ['weir', 'other'], azp: 'other' }, 'refused'],
  [{ aud: 'other', azp: 'weir' }, 'refused'],
])('an ID token with %j: %s', async (given, outcome) => {
  expect(await signIn(given)).toBe(outcome)
})

test('an access token of another client with the audience of the API is accepted', async () => {
  const token = await signed({ sub: 'robot', aud: 'weir-api', azp: 'collector' })
  expect((await provider().bearer(token, 'weir-api')).claims['azp']).toBe('collector')
})
