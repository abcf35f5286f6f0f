import { awsOptions, type AwsOptions } from '../../messaging/aws-client.ts'
import { awsFailure } from '../../messaging/aws-errors.ts'
import type { Host } from '../../host/index.ts'
import { CollectError } from '../../polling/inventory/collector.ts'
import type { AwsInventoryConfig } from './config.ts'

type ClientOptions = Readonly<{
  host: Pick<Host, 'disk' | 'timers'>
  config: AwsInventoryConfig
  /** Undefined: the account of the credentials. */
  role: string | undefined
  requested: (endpoint: string, status: string, requests: number) => void
}>

type Metadata = Readonly<{ httpStatusCode?: number | undefined; attempts?: number | undefined }>
type Output = Readonly<{ $metadata: Metadata }>
type Credentials = Readonly<{
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  expiration?: Date
}>

export type RegionOptions = Omit<AwsOptions, 'maxAttempts' | 'credentials'> &
  Readonly<{
    region: string
    maxAttempts: number
    retryMode: 'adaptive'
    forcePathStyle: boolean
    credentials?: NonNullable<AwsOptions['credentials']> | (() => Promise<Credentials>)
  }>

/** Throttled requests are repeated by the library, at a rate that it adapts. */
const maxAttempts = 4
const maxPages = 10_000

/** Clients of one account, one for each service and region. */
export class AwsClients {
  readonly #options: ClientOptions
  readonly #clients = new Map<string, Promise<{ destroy(): void }>>()

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Region of calls without one. */
  get home(): string {
    return this.#options.config.region ?? 'us-east-1'
  }

  /** The client of a service, created once for each region. */
  async client<C extends { destroy(): void }>(
    service: string,
    region: string,
    make: (options: RegionOptions) => Promise<C>,
  ): Promise<C> {
    const key = `${service} ${region}`
    const made = this.#clients.get(key) ?? this.#optionsOf(region, this.#options.role).then(make)
    this.#clients.set(key, made)
    return (await made) as C
  }

  /** One call. `action`: as in a policy, for example `ec2:DescribeInstances`. Rejects with CollectError. */
  async call<Out extends Output>(
    action: string,
    region: string,
    send: (options: Readonly<{ abortSignal: AbortSignal }>) => Promise<Out>,
    signal: AbortSignal,
  ): Promise<Out> {
    const { host, config, requested } = this.#options
    const late = new AbortController()
    const timer = host.timers.after(config.timeout * maxAttempts, () => late.abort())
    const count = ({ httpStatusCode: status, attempts = 1 }: Metadata) =>
      requested(action, status === undefined ? 'none' : String(status), attempts)
    try {
      const answer = await send({ abortSignal: AbortSignal.any([signal, late.signal]) })
      count(answer.$metadata)
      return answer
    } catch (error) {
      count((error as Partial<Output> | undefined)?.$metadata ?? {})
      throw this.#failure(error, `${action} in ${region}`, action, late.signal)
    } finally {
      timer.cancel()
    }
  }

  /** All pages. A page that fails fails the list. */
  async pages<Out>(read: (token: string | undefined) => Promise<Out>, tokenOf: (page: Out) => string | undefined) {
    const pages: Out[] = []
    let token: string | undefined
    do {
      const page = await read(token)
      const next = tokenOf(page)
      if (next !== undefined && (next === token || pages.length >= maxPages))
        throw new CollectError('decode', `a list repeats a page or has more than ${maxPages} pages`)
      pages.push(page)
      token = next === '' ? undefined : next
    } while (token !== undefined)
    return pages
  }

  close(): void {
    for (const made of this.#clients.values()) made.then((client) => client.destroy()).catch(() => undefined)
    this.#clients.clear()
  }

  async #optionsOf(region: string, role: string | undefined): Promise<RegionOptions> {
    const { config, host } = this.#options
    const options = await awsOptions({ ...config, region }, host, '')
    return {
      ...options,
      region,
      maxAttempts,
      retryMode: 'adaptive',
      forcePathStyle: config.endpoint !== null,
      ...(role === undefined ? {} : { credentials: () => this.#assume(role) }),
    }
  }

  /** The library calls it again before the credentials expire. */
  async #assume(role: string): Promise<Credentials> {
    const { STSClient, AssumeRoleCommand } = await import('@aws-sdk/client-sts')
    const client = new STSClient(await this.#optionsOf(this.home, undefined))
    const { external_id: externalId } = this.#options.config
    try {
      const { Credentials: given } = await client.send(
        new AssumeRoleCommand({
          RoleArn: role,
          RoleSessionName: 'weir',
          ...(externalId === null ? {} : { ExternalId: externalId }),
        }),
      )
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken, Expiration } = given ?? {}
      if (accessKeyId === undefined || secretAccessKey === undefined)
        throw new CollectError('decode', `sts:AssumeRole returned no credentials of ${role}`)
      return {
        accessKeyId,
        secretAccessKey,
        ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
        ...(Expiration === undefined ? {} : { expiration: Expiration }),
      }
    } catch (error) {
      throw error instanceof CollectError ? error : this.#failure(error, `role ${role}`, 'sts:AssumeRole')
    } finally {
      client.destroy()
    }
  }

  #failure(error: unknown, where: string, action: string, late?: AbortSignal): CollectError {
    if (error instanceof CollectError) return error
    if (late?.aborted === true)
      return new CollectError('timeout', `${where}: no response in time`, { cause: error, mayPass: true })
    const { attempt, login, denied } = awsFailure(error, where, action)
    const { reason, afterMs = 0 } = attempt
    if (denied) return new CollectError('forbidden', reason, { cause: error })
    if (login) {
      this.close()
      return new CollectError('auth', reason, { cause: error })
    }
    return new CollectError(afterMs > 0 ? 'rate_limited' : 'server', reason, { cause: error, mayPass: true })
  }
}
