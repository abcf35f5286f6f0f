// Weir between a real kube-apiserver with the namespace of an environment and a real RabbitMQ.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { GetMessage } from 'amqplib'
import { freePorts } from '../../kit/free-port.ts'
import { startWeir, type WeirProcess } from '../../kit/weir-process.ts'
import { install } from '../install/apt.ts'
import { findKubernetes } from '../install/kubernetes.ts'
import { rabbitmq as program } from '../install/rabbitmq.ts'
import { kubeconfigOf, startKube, type Kube } from './kube.ts'
import { RabbitObserver } from './rabbitmq-observer.ts'
import { startRabbit, type RabbitServer } from './rabbitmq.ts'

export const secret = 'testsecret'
export const queue = 'lagoon-insights:items'
/** Of namespace proj-main, environment 777, with this secret. */
export const golden =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJFbnZpcm9ubWVudElkIjoiNzc3IiwiRW52aXJvbm1lbnROYW1lIjoibWFpbiIsIk5h' +
  'bWVzcGFjZSI6InByb2otbWFpbiIsIlByb2plY3ROYW1lIjoicHJvaiJ9.UmB0luGragRPiO4P0j7t-qM8v_AKAXbaV60c4tNHhg8'
export const enabled = { 'core.insights.lagoon.sh/enabled': 'true' }
export const environmentLabels = {
  'lagoon.sh/environmentId': '777',
  'lagoon.sh/project': 'proj',
  'lagoon.sh/environment': 'main',
}

export interface Written {
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly binaryData?: Record<string, string>
  readonly data?: Record<string, string>
}

export interface Meta {
  readonly annotations?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly resourceVersion: string
}

export const sbom = (name: string): Written => ({
  labels: {
    'lagoon.sh/insightsType': 'sbom-gz',
    'lagoon.sh/service': name,
    'lagoon.sh/project': 'proj',
    'lagoon.sh/environment': 'main',
  },
  annotations: enabled,
  binaryData: { [`${name}.cyclonedx.json.gz`]: gzipSync('{}').toString('base64') },
})

export const inNamespace = (kind: string, name = '', namespace = 'proj-main'): string =>
  `/api/v1/namespaces/${namespace}/${kind}${name && `/${name}`}`

export async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(100)
  }
  throw new Error(`${what} did not happen`)
}

export class LagoonStage {
  dir = ''
  weir: WeirProcess | undefined
  /** Settings of the sink, for the next starts. */
  sink: object = {}
  #kube: Kube | undefined
  #broker: RabbitServer | undefined
  #observer: RabbitObserver | undefined
  #web = ''

  get kube(): Kube {
    return needed(this.#kube)
  }

  get broker(): RabbitServer {
    return needed(this.#broker)
  }

  get observer(): RabbitObserver {
    return needed(this.#observer)
  }

  /** False without the programs. */
  async start(): Promise<boolean> {
    if (findKubernetes().path === undefined || (await install(program)).path === undefined) return false
    this.dir = await mkdtemp(join(tmpdir(), 'weir-insights-'))
    ;[this.#kube, this.#broker] = await Promise.all([startKube(this.dir), startRabbit()])
    this.#observer = new RabbitObserver(this.#broker.url)
    await writeFile(join(this.dir, 'kubeconfig'), kubeconfigOf(this.#kube), { mode: 0o600 })
    await this.writeSecret('secret', secret)
    await this.createNamespace('proj-main', environmentLabels)
    return true
  }

  async stop(): Promise<void> {
    await this.weir?.stop()
    await this.#observer?.close()
    await this.#broker?.[Symbol.asyncDispose]()
    await this.#kube?.stop()
    if (this.dir !== '') await rm(this.dir, { recursive: true, force: true })
  }

  writeSecret(file: string, text: string): Promise<void> {
    return writeFile(join(this.dir, file), text, { mode: 0o600 })
  }

  /** Starts Weir in place of the one before. */
  async run(more: object = {}): Promise<void> {
    await this.weir?.stop()
    const started = await this.replica('', more)
    this.weir = started.weir
    this.#web = started.web
  }

  /** A Weir with its own folder below the stage's. */
  async replica(
    folder: string,
    more: object = {},
    data?: string,
  ): Promise<{ readonly weir: WeirProcess; readonly web: string }> {
    const [port = 0] = await freePorts(1)
    const config = {
      store: { enabled: 'none' },
      sources: {
        insights: {
          type: 'lagoon-insights',
          kubeconfig: join(this.dir, 'kubeconfig'),
          listen: `127.0.0.1:${port}`,
          token_secret: `file:${join(this.dir, 'secret')}`,
          allow_weak_secret: true,
          tokens: true,
          ack: 'sink:lagoon',
          ...more,
        },
      },
      sinks: {
        lagoon: {
          type: 'lagoon',
          url: this.broker.url,
          from: ['insights'],
          when_behind: 'block',
          delivery: { retry_initial: '100ms', retry_max: '500ms' },
          ...this.sink,
        },
      },
    }
    const weir = await startWeir({
      folder: join(this.dir, folder),
      config,
      ...(data === undefined ? {} : { data }),
    })
    return { weir, web: `http://127.0.0.1:${port}` }
  }

  readonly createNamespace = async (name: string, labels: Readonly<Record<string, string>>): Promise<void> => {
    await this.kube.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })
  }

  readonly createConfigMap = async (name: string, { labels, ...rest }: Written, namespace?: string): Promise<void> => {
    const { annotations, ...content } = rest
    await this.kube.call('POST', inNamespace('configmaps', '', namespace), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels, annotations },
      ...content,
    })
  }

  readonly patch = (kind: string, name: string, patch: object): Promise<Record<string, unknown>> =>
    this.kube.call(
      'PATCH',
      kind === 'namespaces' ? `/api/v1/namespaces/${name}` : inNamespace(kind, name),
      patch,
      'application/merge-patch+json',
    )

  readonly metaOf = async (name: string): Promise<Meta | undefined> => {
    const found = await this.kube.call('GET', inNamespace('configmaps', name)).catch(() => undefined)
    return found?.['metadata'] as Meta | undefined
  }

  readonly annotated = (name: string, key: string): Promise<Record<string, string>> =>
    until(async () => {
      const { annotations } = (await this.metaOf(name)) ?? {}
      return annotations?.[key] === undefined ? undefined : annotations
    }, `${key} of ${name}`)

  readonly processed = (name: string): Promise<Record<string, string>> =>
    this.annotated(name, 'lagoon.sh/insightsProcessed')

  /** Token of a namespace. */
  readonly tokenOf = async (namespace = 'proj-main'): Promise<string | undefined> => {
    const found = await this.kube
      .call('GET', inNamespace('secrets', 'insights-token', namespace))
      .catch(() => undefined)
    const data = found?.['data'] as { readonly INSIGHTS_TOKEN?: string } | undefined
    return data?.INSIGHTS_TOKEN === undefined ? undefined : Buffer.from(data.INSIGHTS_TOKEN, 'base64').toString()
  }

  readonly messagesWith = async (part: string): Promise<readonly GetMessage[]> =>
    // The queue exists after the first delivery.
    (await this.observer.received(queue).catch(() => [])).filter(({ content }) => content.toString().includes(part))

  readonly messageWith = (part: string): Promise<GetMessage> =>
    until(async () => (await this.messagesWith(part))[0], `a message with ${part}`)

  readonly request = async (
    method: string,
    path: string,
    {
      token = golden,
      body,
      web,
    }: { readonly token?: string | null; readonly body?: string | Buffer; readonly web?: string } = {},
  ): Promise<{ readonly status: number; readonly body: string }> => {
    const answer = await fetch(`${web ?? this.#web}${path}`, {
      method,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
      headers: token === null ? {} : { authorization: token },
    })
    return { status: answer.status, body: await answer.text() }
  }
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the stage is not started')
  return value
}
