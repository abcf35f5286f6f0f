// Secret values in a real cluster in every place where objects have them; each write uses a new value.
import { createHash } from 'node:crypto'
import { planted, type PlantedObject } from '../../../test/kit/secret-corpus.ts'
import type { Kube } from '../../../test/real/kit/kube.ts'

export const namespace = 'vault'
/** Further places of secrets in the source's configuration. */
export const redactMore = { names: 'licence', paths: ['/spec/own/*'] }

interface Value {
  readonly number: number
  readonly way: string
  /** Prefix of its object's name. */
  readonly prefix: string
  /** 16 to 48 random bytes. */
  readonly bytes: Buffer
  /** The value as hex, for text fields. */
  readonly text: string
}

interface Hand {
  readonly kube: Kube
  readonly name: string
  next(): Value
}

type Way = (hand: Hand) => Promise<void>

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const merge = 'application/merge-patch+json'
const path = (plural: string) => `/api/v1/namespaces/${namespace}/${plural}`
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')

const secret = (name: string, more: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, ...metadata },
  ...more,
})
const configMap = (name: string, more: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...more,
})
const podSpec = (container: object): object => ({
  containers: [{ name: 'c', image: 'example.test/c:1', ...container }],
})
const template = (container: object): object => ({ metadata: { labels: { app: 'x' } }, spec: podSpec(container) })
const deployment = (name: string, container: object, metadata: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, ...metadata },
  spec: { replicas: 1, selector: { matchLabels: { app: 'x' } }, template: template(container) },
})

/** Each writes one object with as many values as it needs. */
const ways: Readonly<Record<string, Way>> = {
  'data of a Secret': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('secrets'), secret(name, { data: { key: base64(next().bytes) } }))),
  'stringData of a Secret': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('secrets'), secret(name, { stringData: { key: next().text } }))),
  'a Secret that is changed': async ({ kube, name, next }) => {
    await kube.call('POST', path('secrets'), secret(name, { data: { key: base64(next().bytes) } }))
    await kube.call(
      'PATCH',
      `${path('secrets')}/${name}`,
      { data: { key: base64(next().bytes), another: base64(next().text) } },
      merge,
    )
  },
  'a Secret that is deleted': async ({ kube, name, next }) => {
    await kube.call('POST', path('secrets'), secret(name, { data: { key: base64(next().bytes) } }))
    await kube.call('DELETE', `${path('secrets')}/${name}`)
  },
  'last-applied annotation of a Secret': async ({ kube, name, next }) => {
    const [text, bytes] = [next().text, next().bytes]
    const body = { stringData: { key: text }, data: { other: base64(bytes) } }
    await kube.call(
      'POST',
      path('secrets'),
      secret(name, body, { annotations: { [lastApplied]: JSON.stringify(secret(name, body)) } }),
    )
  },
  'passwords of registries': async ({ kube, name, next }) => {
    const { text } = next()
    await kube.call(
      'POST',
      path('secrets'),
      secret(name, {
        type: 'kubernetes.io/dockerconfigjson',
        data: {
          '.dockerconfigjson': base64(
            JSON.stringify({
              auths: { 'registry.test': { username: 'u', password: text, auth: base64(`u:${text}`) } },
            }),
          ),
        },
      }),
    )
  },
  'annotation of a Secret': async ({ kube, name, next }) =>
    void (await kube.call(
      'POST',
      path('secrets'),
      secret(name, {}, { annotations: { 'example.test/api-token': next().text } }),
    )),
  'key of a ConfigMap': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('configmaps'), configMap(name, { data: { DB_PASSWORD: next().text } }))),
  'key of a ConfigMap that is changed and deleted': async ({ kube, name, next }) => {
    await kube.call('POST', path('configmaps'), configMap(name, { data: { 'api-key': next().text } }))
    await kube.call('PATCH', `${path('configmaps')}/${name}`, { data: { 'api-key': next().text } }, merge)
    await kube.call('DELETE', `${path('configmaps')}/${name}`)
  },
  'line of a file in a ConfigMap': async ({ kube, name, next }) =>
    void (await kube.call(
      'POST',
      path('configmaps'),
      configMap(name, {
        data: {
          'app.properties': `level=info\ndb.password=${next().text}\n`,
          'app.yaml': `server:\n  accessKey: "${next().text}"\n`,
        },
      }),
    )),
  'binaryData of a ConfigMap': async ({ kube, name, next }) =>
    void (await kube.call(
      'POST',
      path('configmaps'),
      configMap(name, { binaryData: { 'private-key': base64(next().bytes) } }),
    )),
  'last-applied annotation of a ConfigMap': async ({ kube, name, next }) => {
    const body = { data: { CLIENT_SECRET: next().text } }
    await kube.call(
      'POST',
      path('configmaps'),
      configMap(name, body, { annotations: { [lastApplied]: JSON.stringify(configMap(name, body)) } }),
    )
  },
  'name that the configuration adds': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('configmaps'), configMap(name, { data: { 'licence.txt': next().text } }))),
  'variable of a Pod': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('pods'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: podSpec({ env: [{ name: 'API_TOKEN', value: next().text }] }),
    })),
  'arguments of a Pod': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('pods'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: podSpec({
        command: ['run', '--client-secret', next().text],
        args: [`--db-password=${next().text}`, '--token', next().text, '--verbose'],
      }),
    })),
  'script of a Pod': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('pods'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: podSpec({
        command: [
          'sh',
          '-c',
          `export ACCESS_TOKEN=${next().text}\nrun --password=${next().text} --level info; ` +
            `PGPASSWORD=${next().text} psql`,
        ],
      }),
    })),
  'variable of a Deployment, and its last-applied annotation': async ({ kube, name, next }) => {
    const container = { env: [{ name: 'DB_PASSWORD', value: next().text }] }
    await kube.call(
      'POST',
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      deployment(name, container, { annotations: { [lastApplied]: JSON.stringify(deployment(name, container)) } }),
    )
    await kube.call(
      'PATCH',
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      { spec: { template: template({ env: [{ name: 'DB_PASSWORD', value: next().text }] }) } },
      merge,
    )
  },
  'variable of a CronJob': async ({ kube, name, next }) =>
    void (await kube.call('POST', `/apis/batch/v1/namespaces/${namespace}/cronjobs`, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name },
      spec: {
        schedule: '0 0 1 1 *',
        jobTemplate: {
          spec: {
            template: {
              spec: { ...podSpec({ env: [{ name: 'AUTH_TOKEN', value: next().text }] }), restartPolicy: 'Never' },
            },
          },
        },
      },
    })),
  'annotation of a ServiceAccount': async ({ kube, name, next }) =>
    void (await kube.call('POST', path('serviceaccounts'), {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, annotations: { 'example.test/credential': next().text } },
    })),
  'place that the configuration names, in a custom kind': async ({ kube, name, next }) => {
    const { text } = next()
    await kube.call('POST', `/apis/example.test/v1/namespaces/${namespace}/widgets`, {
      apiVersion: 'example.test/v1',
      kind: 'Widget',
      metadata: { name },
      spec: {
        own: { a: text, b: [next().text] },
        podTemplate: podSpec({ env: [{ name: 'WIDGET_SECRET', value: next().text }] }),
      },
    })
  },
}

/** API servers reject these objects: labels are short, and a status cannot be created. */
const untaken = new Set(['label', 'termination message'])
/** Only parts of these values are written, so a search for the whole value finds nothing. */
export const inParts = new Set(['key id of AWS', 'hash of a password'].map((way) => `corpus: ${way}`))

/** Text values of the corpus, one object each. */
const corpus: Readonly<Record<string, Way>> = Object.fromEntries(
  planted(() => '0'.repeat(48)).flatMap(({ way }, index) =>
    untaken.has(way)
      ? []
      : [
          [
            `corpus: ${way}`,
            async ({ kube, name, next }: Hand) => {
              const { text } = next()
              const made = planted(() => text)[index]?.object as PlantedObject
              await kube.call('POST', pathOf(made), { ...made, metadata: { ...made.metadata, name, namespace } })
            },
          ],
        ],
  ),
)

function pathOf({ apiVersion, kind }: PlantedObject) {
  const plural = `${kind.toLowerCase()}s`
  return apiVersion === 'v1' ? path(plural) : `/apis/${apiVersion}/namespaces/${namespace}/${plural}`
}

/** Creates the namespace and the custom resource definition. */
export async function prepare(kube: Kube): Promise<void> {
  await kube.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    },
  }
  await kube.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.test' },
    spec: {
      group: 'example.test',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  })
  for (let tries = 0; tries < 100; tries++) {
    if (
      await kube.call('GET', `/apis/example.test/v1/namespaces/${namespace}/widgets`).then(
        () => true,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the API server does not know a new kind after ten seconds')
}

export class Planter {
  readonly #kube: Kube
  readonly #seed: string
  readonly values: Value[] = []

  constructor(kube: Kube, seed: string) {
    this.#kube = kube
    this.#seed = seed
  }

  /** Writes at least `least` values, each way at least once; `prefix` begins the names of objects. */
  async plant(prefix: string, least: number): Promise<void> {
    const all = Object.entries({ ...ways, ...corpus })
    const before = this.values.length
    for (let round = 0; round === 0 || this.values.length - before < least; round++) {
      await Promise.all(
        all.map(([way, write], index) =>
          write({ kube: this.#kube, name: `${prefix}-${round}-${index}`, next: () => this.#value(way, prefix) }),
        ),
      )
    }
  }

  #value(way: string, prefix: string): Value {
    const number = this.values.length
    const bytes = createHash('sha512')
      .update(`${this.#seed} ${number}`)
      .digest()
      .subarray(0, 16 + (number % 33))
    const value = { number, way, prefix, bytes, text: bytes.toString('hex') }
    this.values.push(value)
    return value
  }
}
