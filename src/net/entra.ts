import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import type { Secret } from '../schema/index.ts'
import { HttpClient, HttpError, type HttpAnswer } from './http/client.ts'
import { isSecure } from './http/loopback.ts'
import { revealSecret } from './secrets.ts'

export type EntraLogin =
  | Readonly<{ type: 'client_secret'; tenant: string; client: string; secret: Secret; authority: string }>
  | Readonly<{
      type: 'workload_identity'
      tenant: string | null
      client: string | null
      token_file: string | null
      authority: string | null
    }>
  | Readonly<{ type: 'managed_identity'; client: string | null; address: string }>

export type EntraToken = Readonly<{
  token: string
  expiresOnTimestamp: number
}>

export class NoToken extends Error {}

type EntraOptions = Readonly<{
  resource: string
  timeout: number
  host: Pick<Host, 'clock' | 'timers'>
}>

export const publicAuthority = 'https://login.microsoftonline.com'
export const machineAddress = 'http://169.254.169.254'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** A token is renewed this long before its end; after a failure it is used until its end. */
const renewMs = 5 * 60_000
const maxBytes = 64 * 1024

export class EntraTokens {
  readonly #login: EntraLogin
  readonly #options: EntraOptions
  #token: EntraToken | undefined
  #pending: Promise<EntraToken> | undefined

  constructor(login: EntraLogin, options: EntraOptions) {
    this.#login = login
    this.#options = options
  }

  async getToken(): Promise<EntraToken> {
    const left = (this.#token?.expiresOnTimestamp ?? 0) - this.#options.host.clock.now()
    if (this.#token !== undefined && left > renewMs) return this.#token
    this.#pending ??= this.#request().finally(() => {
      this.#pending = undefined
    })
    try {
      return (this.#token = await this.#pending)
    } catch (error) {
      if (this.#token !== undefined && left > 0) return this.#token
      throw error
    }
  }

  async #request(): Promise<EntraToken> {
    const began = this.#options.host.clock.now()
    const answer =
      this.#login.type === 'managed_identity'
        ? await this.#ofMachine(this.#login)
        : await this.#ofAuthority(this.#login)
    const parsedBody = parsed(answer.body)
    const seconds = Number(parsedBody['expires_in'])
    const token = parsedBody['access_token']
    if (answer.status !== 200 || typeof token !== 'string' || !(seconds > 0))
      throw new NoToken(`Entra ID returned no token (${reasonOf(answer.status, parsedBody)}); correct \`auth\``)
    return { token, expiresOnTimestamp: began + seconds * 1000 }
  }

  #ofAuthority(login: Exclude<EntraLogin, { readonly type: 'managed_identity' }>): Promise<HttpAnswer> {
    const { env } = self
    const named = (value: string | null, variable: string, setting: string) => {
      const text = value ?? env[variable] ?? ''
      if (text === '')
        throw new NoToken(`the ${setting} is not set: set \`auth.${setting}\`, or let the cluster set ${variable}`)
      return text
    }
    const tenant = named(login.tenant, 'AZURE_TENANT_ID', 'tenant')
    const proof: Record<string, string> =
      login.type === 'client_secret'
        ? { client_secret: revealSecret(login.secret).trim() }
        : {
            client_assertion_type: assertionType,
            client_assertion: assertion(named(login.token_file, 'AZURE_FEDERATED_TOKEN_FILE', 'token_file')),
          }
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: named(login.client, 'AZURE_CLIENT_ID', 'client'),
      scope: `${this.#options.resource}/.default`,
      ...proof,
    })
    const authority = login.authority ?? env['AZURE_AUTHORITY_HOST'] ?? publicAuthority
    if (!isSecure(authority))
      throw new NoToken(`the authority ${authority} would receive a secret over plain HTTP; use https://`)
    const url = `${authority.replace(/\/+$/, '')}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`
    return this.#answer(url, (client) =>
      client.request({
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: Buffer.from(form.toString()),
        limit: maxBytes,
        signal: never,
      }),
    )
  }

  #ofMachine({ client: id, address }: Extract<EntraLogin, { readonly type: 'managed_identity' }>): Promise<HttpAnswer> {
    const query = new URLSearchParams({
      'api-version': '2018-02-01',
      resource: this.#options.resource,
      ...(id === null ? {} : { client_id: id }),
    })
    return this.#answer(`${address.replace(/\/+$/, '')}/metadata/identity/oauth2/token`, (client) =>
      client.request({
        to: `token?${query.toString()}`,
        headers: { metadata: 'true' },
        limit: maxBytes,
        signal: never,
      }),
    )
  }

  async #answer(url: string, ask: (client: HttpClient) => Promise<HttpAnswer>): Promise<HttpAnswer> {
    const { timeout, host } = this.#options
    const client = new HttpClient({
      url,
      connections: 1,
      timeoutMs: timeout,
      timers: host.timers,
      tls: undefined,
    })
    try {
      return await ask(client)
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      const [where, advice] =
        this.#login.type === 'managed_identity'
          ? ['the instance metadata service', '; check that this machine runs in Azure and has an identity']
          : [new URL(url).origin, '']
      throw new NoToken(`no token from Entra ID: ${where} is unreachable (${error.message})${advice}`, {
        cause: error,
      })
    } finally {
      client.close()
    }
  }
}

const never = new AbortController().signal

function assertion(path: string): string {
  try {
    return self.readTextFile(path).trim()
  } catch (cause) {
    throw new NoToken(`the token file ${path} cannot be read; check that the cluster mounts it`, { cause })
  }
}

function parsed(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const parsedBody: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString())
    return typeof parsedBody === 'object' && parsedBody !== null
      ? (parsedBody as Readonly<Record<string, unknown>>)
      : {}
  } catch {
    return {}
  }
}

function reasonOf(status: number, { error, error_description: description }: Readonly<Record<string, unknown>>) {
  const [first = ''] = (typeof description === 'string' ? description : '').split(/\r?\n|\s+Trace ID:/)
  return [`HTTP ${status}`, typeof error === 'string' ? error : '', first.slice(0, 300).replace(/\.$/, '')]
    .filter((part) => part !== '')
    .join(', ')
}
