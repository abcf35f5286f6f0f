import type { GetCostAndUsageCommandOutput } from '@aws-sdk/client-cost-explorer'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsFailure, errorText } from '../../messaging/aws-errors.ts'
import type { Host } from '../../host/index.ts'
import { PollError } from '../../polling/poll-error.ts'
import type { ExplorerConfig } from './config.ts'
import type { ExplorerSpan } from './map-cost-explorer.ts'

/** Cost Explorer has one region. */
const region = 'us-east-1'
const hourMs = 3_600_000

/** `expired`: the start is before the stored data. `restart`: the pages changed; the first one is needed again. */
type ExplorerFault = 'transient' | 'expired' | 'restart' | 'settings'

export class ExplorerError extends PollError {
  override readonly name = 'ExplorerError'
  readonly fault: ExplorerFault

  constructor(fault: ExplorerFault, message: string, cause: unknown) {
    super(message, {
      cause,
      mayPass: fault !== 'settings',
      afterMs: fault === 'transient' || fault === 'expired' ? hourMs : 0,
    })
    this.fault = fault
  }
}

type ClientOptions = Readonly<{
  host: Pick<Host, 'disk' | 'timers'>
  config: ExplorerConfig
  /** `action`: as in a policy. `status`: of HTTP, or `none`. */
  requested: (action: string, status: string) => void
}>

type Metadata = Readonly<{ httpStatusCode?: number | undefined }>
type Output = Readonly<{ $metadata: Metadata }>

/** The libraries of AWS are loaded at the first request. It makes no retry, because each request costs. */
export class CostExplorer {
  readonly #options: ClientOptions
  #client: Promise<Readonly<{ destroy(): void }>> | undefined

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** One page; the token of the next is in it. Rejects with ExplorerError. */
  async page(
    { start, end }: Pick<ExplorerSpan, 'start' | 'end'>,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<GetCostAndUsageCommandOutput> {
    const { CostExplorerClient, GetCostAndUsageCommand } = await import('@aws-sdk/client-cost-explorer')
    this.#client ??= this.#settings().then((settings) => new CostExplorerClient(settings))
    const client = (await this.#client) as InstanceType<typeof CostExplorerClient>
    const command = new GetCostAndUsageCommand({
      TimePeriod: { Start: start, End: end },
      Granularity: 'DAILY',
      Metrics: ['UnblendedCost', 'AmortizedCost'],
      GroupBy: this.#options.config.group_by.map((Key) => ({ Type: 'DIMENSION', Key })),
      NextPageToken: token,
    })
    return this.#call('ce:GetCostAndUsage', (options) => client.send(command, options), signal)
  }

  /** The account of the credentials; the request is free. Rejects with ExplorerError. */
  async account(signal: AbortSignal): Promise<string> {
    const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
    const client = new STSClient(await this.#settings())
    try {
      const send = (options: Readonly<{ abortSignal: AbortSignal }>) =>
        client.send(new GetCallerIdentityCommand({}), options)
      const { Account: account } = await this.#call('sts:GetCallerIdentity', send, signal)
      if (account === undefined)
        throw new ExplorerError('transient', 'sts:GetCallerIdentity returned no account', undefined)
      return account
    } finally {
      client.destroy()
    }
  }

  /** The next request reads the credentials again. */
  close(): void {
    this.#client?.then((client) => client.destroy()).catch(() => undefined)
    this.#client = undefined
  }

  async #settings() {
    const { config, host } = this.#options
    return { ...(await awsOptions({ ...config, region }, host, '')), region }
  }

  async #call<Out extends Output>(
    action: string,
    send: (options: Readonly<{ abortSignal: AbortSignal }>) => Promise<Out>,
    signal: AbortSignal,
  ): Promise<Out> {
    const { host, config, requested } = this.#options
    const late = new AbortController()
    const timer = host.timers.after(config.timeout, () => late.abort())
    const count = (metadata: Metadata | undefined) => requested(action, String(metadata?.httpStatusCode ?? 'none'))
    try {
      const answer = await send({ abortSignal: AbortSignal.any([signal, late.signal]) })
      count(answer.$metadata)
      return answer
    } catch (error) {
      count((error as Partial<Output> | undefined)?.$metadata)
      if (late.signal.aborted) throw new ExplorerError('transient', `${action}: no response in time`, error)
      throw this.#failure(error, action)
    } finally {
      timer.cancel()
    }
  }

  #failure(error: unknown, action: string): ExplorerError {
    const name = error instanceof Error ? error.name : ''
    const text = errorText(error)
    if (/^(?:InvalidNextToken|RequestChanged)/.test(name))
      return new ExplorerError('restart', `${action}: the pages changed (${text})`, error)
    if (name.startsWith('BillExpiration'))
      return new ExplorerError('expired', `${action}: AWS no longer stores the first days (${text})`, error)
    if (name.startsWith('DataUnavailable'))
      return new ExplorerError('transient', `${action}: AWS has no data yet (${text})`, error)
    if (/^(?:LimitExceeded|Throttl|TooManyRequests)/.test(name))
      return new ExplorerError('transient', `${action}: AWS limits the requests (${text})`, error)
    if (name.startsWith('Validation')) return new ExplorerError('settings', `${action}: ${text}`, error)
    const { attempt, login, denied } = awsFailure(error, action, action)
    if (login || denied) this.close()
    return new ExplorerError(login || denied ? 'settings' : 'transient', attempt.reason, error)
  }
}
