// A stand-in for Microsoft Entra ID and the instance metadata service: tokens by secret, assertion and managed
// identity.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Entra {
  readonly url: string
  readonly tenant: string
  readonly client: string
  secret: string
  assertion: string
  /** Lifetime of a token in seconds. */
  lifetime: number
  /** Grants of requests, in order: `client_secret`, `client_assertion`, `machine`; `refused` for rejected ones. */
  readonly received: string[]
  /** Why a token is invalid for `audience`; undefined if it is valid. */
  refusalOf(token: string, audience: string): string | undefined
  close(): Promise<void>
}

export async function startEntra(): Promise<Entra> {
  const key = randomBytes(32)
  const signed = (head: string): Buffer => createHmac('sha256', key).update(head).digest()
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const received: string[] = []
  const entra = {
    tenant: 'tenant-1',
    client: 'client-1',
    secret: 'a secret+of&tests',
    assertion: 'token of a service account',
    lifetime: 3600,
    received,
  }
  const token = (audience: string): object => {
    const exp = Math.floor(Date.now() / 1000) + entra.lifetime
    const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ aud: audience, appid: entra.client, exp })}`
    return {
      token_type: 'Bearer',
      expires_in: entra.lifetime,
      access_token: `${head}.${signed(head).toString('base64url')}`,
    }
  }
  const refuse = (error: string, description: string): [number, object] => {
    received.push('refused')
    return [401, { error, error_description: `${description} Trace ID: 1 Correlation ID: 2` }]
  }
  const ofForm = (form: URLSearchParams): [number, object] => {
    const scope = /^(https:\/\/.+)\/\.default$/.exec(form.get('scope') ?? '')?.[1]
    if (form.get('grant_type') !== 'client_credentials' || scope === undefined)
      return refuse('invalid_request', 'AADSTS900144: The request body must contain the following parameter.')
    if (form.get('client_id') !== entra.client)
      return refuse('unauthorized_client', 'AADSTS700016: Application was not found in the directory.')
    if (form.get('client_secret') === entra.secret) received.push('client_secret')
    else if (
      form.get('client_assertion') === entra.assertion &&
      form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    )
      received.push('client_assertion')
    else return refuse('invalid_client', 'AADSTS7000215: Invalid client secret provided.')
    return [200, token(scope)]
  }
  const answer = async (request: IncomingMessage): Promise<[number, object]> => {
    const url = new URL(request.url ?? '/', 'http://here')
    const parts: Buffer[] = []
    for await (const one of request) parts.push(one as Buffer)
    if (request.method === 'POST' && url.pathname === `/${entra.tenant}/oauth2/v2.0/token`)
      return ofForm(new URLSearchParams(Buffer.concat(parts).toString()))
    if (request.method !== 'GET' || url.pathname !== '/metadata/identity/oauth2/token')
      return [404, { error: 'not_found' }]
    if (request.headers['metadata'] !== 'true' || url.searchParams.get('api-version') !== '2018-02-01')
      return [400, { error: 'invalid_request', error_description: 'Required metadata header not specified' }]
    received.push('machine')
    // This service returns numbers as text.
    return [200, { ...token(url.searchParams.get('resource') ?? ''), expires_in: String(entra.lifetime) }]
  }
  const server = createServer((request, response: ServerResponse) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(entra, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refusalOf(text: string, audience: string): string | undefined {
      const [head = '', claims = '', signature = ''] = text.split('.')
      const [wanted, given] = [signed(`${head}.${claims}`), Buffer.from(signature, 'base64url')]
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
        return 'InvalidSignature: The token has an invalid signature.'
      const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string; exp: number }
      if (aud !== audience) return `InvalidAudience: The token is for ${aud}.`
      return exp * 1000 > Date.now() ? undefined : 'ExpiredToken: The token is expired.'
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  })
}
