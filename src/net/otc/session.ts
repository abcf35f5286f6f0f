import type { Host } from '../../host/index.ts'
import { HttpClient, type HttpAnswer } from '../http/client.ts'
import { messageOf } from '../../model/errors.ts'
import { defaultHost, type Account, type OtcCloud } from './account.ts'
import { OtcError, failureOf, parseResponse, connectionError, type OtcService } from './errors.ts'
import { agencyRequest, endpointIn, ownTokenIn, projectIn, tokenRequest, tokenIn, type Token } from './iam.ts'
import { isLoopback } from '../http/loopback.ts'
import { authorizationOf, sdkDate, encodeQuery, type Query, type SigningStyle } from './sign.ts'

type SessionOptions = Readonly<{
  host: Host
  env: Readonly<Record<string, string | undefined>>
  timeout: number
  signing: SigningStyle
  account(): Promise<Account>
  /** Endpoint of every service, instead of those in the catalog; without version and project. */
  endpoint: string | undefined
  cloud: OtcCloud
  /** The error of the caller for a failed request. */
  rejected(error: OtcError): Error
}>

export type OpenProject = Readonly<{
  project: string
  projectName: string | undefined
  domain: string | undefined
  region: string
  /** Endpoint of a service, without version and project. */
  endpointOf(service: OtcService): string
}>

interface Login extends OpenProject {
  readonly account: Account
  readonly token: Token | undefined
}

/** Remaining lifetime at which a token is replaced. */
const renewMs = 10 * 60_000
const maxBytes = 64 * 1024 * 1024

/** A login to one project, for all services. */
export class Session {
  readonly #options: SessionOptions
  #login: Login | undefined
  #loggingIn: Promise<Login> | undefined
  readonly #clients = new Map<string, HttpClient>()

  constructor(options: SessionOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal): Promise<OpenProject> {
    return this.#opened(signal).catch((error: unknown) => this.#reject(error))
  }

  /** Logs in again once after a rejected login. Rejects with the error of the caller. */
  async get(service: OtcService, path: string, query: Query, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#get(service, path, query, signal).catch((error: unknown) => this.#reject(error))
  }

  async #get(service: OtcService, path: string, query: Query, signal: AbortSignal): Promise<HttpAnswer> {
    const send = async (login: Login) =>
      this.#send(login, new URL(`${login.endpointOf(service)}${path}`), query, signal, service.name)
    const login = await this.#opened(signal)
    const answer = await send(login)
    if (answer.status === 401) {
      if (login.token === undefined && isSameProof((await this.#account()).proof, login.account.proof))
        throw this.#failure(answer, service)
      if (this.#login === login) this.#login = undefined
      const newLogin = await this.#opened(signal)
      const second = await send(newLogin)
      if (second.status === 401 && this.#login === newLogin) this.#login = undefined
      if (second.status !== 200) throw this.#failure(second, service)
      return second
    }
    if (answer.status !== 200) throw this.#failure(answer, service)
    return answer
  }

  #reject(error: unknown): never {
    throw error instanceof OtcError ? this.#options.rejected(error) : error
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  async #opened(signal: AbortSignal): Promise<Login> {
    const current = this.#login
    const validForMs = current?.token === undefined ? Infinity : current.token.until - this.#options.host.clock.now()
    if (current !== undefined && validForMs > renewMs) return current
    this.#loggingIn ??= this.#logIn(signal).finally(() => {
      this.#loggingIn = undefined
    })
    try {
      return (this.#login = await this.#loggingIn)
    } catch (error) {
      if (current !== undefined && validForMs > 0 && this.#login === current) return current
      throw error
    }
  }

  async #logIn(signal: AbortSignal): Promise<Login> {
    const account = await this.#account()
    return account.proof.type === 'password' ? this.#byPassword(account, signal) : this.#byKeys(account, signal)
  }

  #account() {
    return this.#options.account().catch((cause: unknown) => {
      throw cause instanceof OtcError ? cause : new OtcError('settings', messageOf(cause), { cause })
    })
  }

  async #byPassword(account: Account, signal: AbortSignal): Promise<Login> {
    const request = async (body: object, own: Readonly<Record<string, string>> = {}) => {
      const headers = { 'content-type': 'application/json;charset=utf8', accept: 'application/json', ...own }
      const answer = await this.#client(`${account.iam}/auth/tokens`, account)
        .request({ method: 'POST', headers, body: Buffer.from(JSON.stringify(body)), limit: maxBytes, signal })
        .catch((error: unknown) => {
          throw connectionError(error, 'IAM')
        })
      if (answer.status !== 201) throw this.#failure(answer, 'IAM')
      return answer
    }
    const accountAnswer = await request(tokenRequest(account))
    const { agency } = account
    const answer =
      agency === undefined
        ? accountAnswer
        : await request(agencyRequest(agency, account.project), { 'x-auth-token': ownTokenIn(accountAnswer) })
    const { token, project, domain, catalog } = tokenIn(answer, parseResponse(answer, 'IAM'))
    return {
      account,
      token,
      project: project.id,
      projectName: project.name,
      domain,
      ...this.#locate(account, project, catalog),
    }
  }

  async #byKeys(account: Account, signal: AbortSignal): Promise<Login> {
    const unscoped = { account, token: undefined, project: '' }
    const request = async (path: string, query: Query, project: string) => {
      const answer = await this.#send({ ...unscoped, project }, new URL(`${account.iam}${path}`), query, signal, 'IAM')
      if (answer.status !== 200) throw this.#failure(answer, 'IAM')
      return parseResponse(answer, 'IAM')
    }
    const { id, name } = account.project
    const project = projectIn(
      id === undefined
        ? await request('/projects', [['name', name ?? '']], '')
        : await request(`/projects/${id}`, [], ''),
      account.project,
    )
    const catalog =
      this.#options.endpoint === undefined
        ? (
            await request('/auth/catalog', [], project.id).catch((error: unknown) => {
              if (error instanceof OtcError && (error.kind === 'denied' || error.kind === 'settings'))
                return {} as Readonly<Record<string, unknown>>
              throw error
            })
          )['catalog']
        : undefined
    return {
      account,
      token: undefined,
      project: project.id,
      projectName: project.name,
      domain: project.domain,
      ...this.#locate(account, project, catalog),
    }
  }

  #locate(account: Account, { id }: { id: string }, catalog: unknown): Pick<OpenProject, 'region' | 'endpointOf'> {
    const { region } = account
    const { endpoint, cloud } = this.#options
    const endpointOf = (service: OtcService) =>
      (endpoint ?? endpointIn(catalog, service, region, id) ?? defaultHost(cloud, service.host, region)).replace(
        /\/+$/,
        '',
      )
    return { region, endpointOf }
  }

  async #send(
    { account, token, project }: Pick<Login, 'account' | 'token' | 'project'>,
    url: URL,
    query: Query,
    signal: AbortSignal,
    what: string,
  ): Promise<HttpAnswer> {
    const queryText = encodeQuery(query)
    const name = `${url.pathname}${queryText === '' ? '' : `?${queryText}`}`
    try {
      return await this.#client(`${url.origin}/`, account).request({
        to: name,
        headers: this.#headers(account, token, project, url, query),
        limit: maxBytes,
        signal,
      })
    } catch (error) {
      throw connectionError(error, what)
    }
  }

  #headers(
    { proof }: Account,
    token: Token | undefined,
    project: string,
    url: URL,
    query: Query,
  ): Record<string, string> {
    const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }
    if (token !== undefined) return { ...jsonHeaders, 'x-auth-token': token.text }
    if (proof.type !== 'keys') throw new OtcError('login', 'no token is available')
    const style = this.#options.signing
    const signedHeaders = {
      'content-type': jsonHeaders['content-type'],
      host: url.host,
      'x-sdk-date': sdkDate(this.#options.host.clock.now()),
    }
    const optionalHeaders = {
      ...(project === '' ? {} : { 'x-project-id': project }),
      ...(proof.token === undefined ? {} : { 'x-security-token': proof.token }),
    }
    const signed = style === 'access' ? { ...signedHeaders, ...optionalHeaders } : signedHeaders
    return {
      ...jsonHeaders,
      ...signedHeaders,
      ...optionalHeaders,
      authorization: authorizationOf({ method: 'GET', path: url.pathname, query, headers: signed }, proof, style),
    }
  }

  #client(url: string, { tls }: Account): HttpClient {
    const key = JSON.stringify([url, tls])
    const { host, timeout, env } = this.#options
    const client =
      this.#clients.get(key) ??
      new HttpClient({
        url,
        connections: 2,
        timeoutMs: timeout,
        timers: host.timers,
        tls: url.startsWith('https:') ? tls : undefined,
        ...(isLoopback(url) ? {} : { proxyEnv: env }),
      })
    this.#clients.set(key, client)
    return client
  }

  #failure(answer: HttpAnswer, service: OtcService | 'IAM') {
    return failureOf(answer, service, this.#options.host.clock.now())
  }
}

function isSameProof(a: Account['proof'], b: Account['proof']) {
  return JSON.stringify(a) === JSON.stringify(b)
}
