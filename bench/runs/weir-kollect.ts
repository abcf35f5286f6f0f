// A real cluster, `weir kollect` with the rights of its manifest, a real NATS, and a consumer in Python. The consumer
// must have read the writes that the API server acknowledged.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { AcceptanceRun } from '../harness.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { some } from '../../test/kit/delivered.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { install } from '../../test/real/install/apt.ts'
import { findKubectl } from '../../test/real/install/kubectl.ts'
import { findKubernetes } from '../../test/real/install/kubernetes.ts'
import { nats } from '../../test/real/install/nats.ts'
import { installPythonProtobuf } from '../../test/real/install/python-protobuf.ts'
import { startKollect } from '../../test/real/kit/kollect.ts'
import { kubeconfigOf, startKube, type Kube } from '../../test/real/kit/kube.ts'
import { startNats } from '../../test/real/kit/nats.ts'
import { consume, generate, type ConsumedMessage } from './kollect-consumer/reader.ts'

interface Written {
  readonly operation: 'Created' | 'Updated' | 'Deleted'
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  /** `data` of the object before and after. */
  readonly before: unknown
  readonly after: unknown
}

const namespace = 'bench'
const path = `/api/v1/namespaces/${namespace}/configmaps`

export default {
  name: 'weir-kollect',
  issue: '5.6',
  title:
    'The messages that `weir kollect` publishes from a real cluster to a real NATS match the writes when ' +
    'read in another language.',
  async run(context) {
    const found = [findKubernetes(), await findKubectl(), await installPythonProtobuf(), await install(nats)]
    for (const each of found) if (each.path === undefined) return context.skip(each.reason)
    const python = found[2]?.path ?? ''
    const kube = await startKube(context.folder)
    try {
      await using bus = await startNats({ jetstream: true, dir: context.folder })
      const account = await accountOf(kube, context.folder)
      await kube.call('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      })
      const env = {
        EVENT_WRITER_URL: 'nats://cluster.changes?stream=CHANGES',
        NATS_SERVER_URL: bus.url,
        CLUSTER_ID: 'prod',
        NAMESPACE: namespace,
        KUBECONFIG: account,
        WAIT_FOR_SYNC: 'true',
        WEIR_DATA: '',
      }
      const data = join(context.folder, 'data')
      const random = new SeededRandom(context.seed)
      const objects = context.size(400, 60)
      const written: Written[] = []
      const first = await startKollect(data, env)
      await write(kube, random, objects, 'first', written)
      context.expect((await first.stop()) === 0, 'it stops with exit code 0')
      // While Weir is down, and again while it runs.
      await write(kube, random, objects, 'away', written)
      const second = await startKollect(data, env)
      await write(kube, random, objects, 'last', written)
      const generated = join(context.folder, 'classes')
      await mkdir(generated)
      await generate(python, generated, true)
      const consumed = await consume(python, [
        generated,
        'nats',
        bus.url,
        'CHANGES',
        'cluster.changes',
        String(written.length),
      ])
      const metrics = await (await fetch(`${second.opsUrl}/__/metrics`)).text()
      context.expect((await second.stop()) === 0, 'it stops again with exit code 0')
      context.figure('changes written to the cluster', written.length)
      const wrong = differences(consumed, written)
      context.expect(
        wrong.length === 0,
        'the consumer read each change once, in the order of its object, with the states that the server had ' +
          `(${some(wrong)})`,
      )
      context.expect(
        /^kollect_resource_deleted_total\{group="",version="v1",kind="ConfigMap",namespace="bench"\} \d+$/m.test(
          metrics,
        ),
        "kollect's metrics are under kollect's path",
      )
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun

/** A kubeconfig for the account of the manifest that may not read Secrets. */
async function accountOf(kube: Kube, folder: string): Promise<string> {
  const [admin, account] = [join(folder, 'admin'), join(folder, 'account')]
  await writeFile(admin, kubeconfigOf(kube), { mode: 0o600 })
  const applied = await runCommand(
    'kubectl',
    [
      '--kubeconfig',
      admin,
      'apply',
      '--server-side',
      '-k',
      join(ROOT, 'deploy/kustomize/kollect/overlays/without-secrets'),
    ],
    { limit: 120_000, env: { HOME: folder } },
  )
  if (applied.code !== 0) throw new Error(`kubectl apply failed: ${applied.output}`)
  const tokenRequest = await kube.call('POST', '/api/v1/namespaces/kollect/serviceaccounts/kollect/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  })
  await writeFile(account, kubeconfigOf(kube, (tokenRequest['status'] as { token: string }).token), { mode: 0o600 })
  return account
}

/** Creates objects, changes each, deletes a third of them; several at a time. */
async function write(kube: Kube, random: SeededRandom, count: number, round: string, written: Written[]) {
  const one = async (index: number) => {
    const name = `${round}-${index}`
    let last: unknown
    const note = (operation: Written['operation'], answer: Record<string, unknown>) => {
      const { uid, resourceVersion } = answer['metadata'] as { uid: string; resourceVersion: string }
      written.push({ operation, name, uid, resourceVersion, before: last, after: answer['data'] })
      last = answer['data']
    }
    const value = () => random.pick(['<b>&</b>', 'plain', 'zwei Wörter', '\u2028', '😀']) + random.pick(['1', '2', '3'])
    note(
      'Created',
      await kube.call('POST', path, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
        data: { step: '0', text: value() },
      }),
    )
    note(
      'Updated',
      await kube.call(
        'PATCH',
        `${path}/${name}`,
        { data: { step: '1', text: value() } },
        'application/merge-patch+json',
      ),
    )
    if (index % 3 !== 0) return
    await kube.call('DELETE', `${path}/${name}`)
    const uid = written.findLast((each) => each.name === name)?.uid ?? ''
    written.push({ operation: 'Deleted', name, uid, resourceVersion: '', before: last, after: undefined })
  }
  for (let at = 0; at < count; at += 8)
    await Promise.all(Array.from({ length: Math.min(8, count - at) }, (_, offset) => one(at + offset)))
}

function differences(consumed: readonly ConsumedMessage[], written: readonly Written[]): string[] {
  const read = Map.groupBy(consumed, ({ fields }) => String(fields['uid']))
  const wrong = consumed
    .filter(({ key, fields }) => key !== `prod/${String(fields['uid'])}`)
    .map(({ key }) => `key ${key}`)
  for (const [uid, wanted] of Map.groupBy(written, (each) => each.uid)) {
    const found = read.get(uid) ?? []
    read.delete(uid)
    if (found.length !== wanted.length) wrong.push(`${wanted[0]?.name}: ${found.length} of ${wanted.length}`)
    for (const [index, want] of wanted.entries()) {
      const each = found[index]
      if (each !== undefined && !isDeepStrictEqual(fieldsOf(each), wordsOf(want)))
        wrong.push(`${want.name}: ${JSON.stringify(fieldsOf(each))} and not ${JSON.stringify(wordsOf(want))}`)
    }
  }
  return [...wrong, ...[...read].map(([uid, { length }]) => `${length} of ${uid}, which were never written`)]
}

const wordsOf = ({ operation, name, before, after, resourceVersion }: Written): unknown[] => [
  `Resource${operation}Event`,
  'ConfigMap',
  namespace,
  name,
  before ?? null,
  after ?? null,
  ...(operation === 'Deleted' ? [] : [resourceVersion, resourceVersion]),
]

function fieldsOf({ type_url: url, fields }: ConsumedMessage): unknown[] {
  const object = (name: string) =>
    fields[name] === undefined
      ? undefined
      : (JSON.parse(String(fields[name])) as { data: unknown; metadata: { resourceVersion?: string } })
  const data = (name: string): unknown => object(name)?.data ?? null
  const type = url.slice(url.lastIndexOf('.') + 1)
  const [before, after] =
    type === 'ResourceCreatedEvent'
      ? [null, data('resource')]
      : type === 'ResourceUpdatedEvent'
        ? [data('then'), data('now')]
        : [data('state'), null]
  return [
    type,
    fields['kind'],
    fields['namespace'],
    fields['name'],
    before,
    after,
    ...(type === 'ResourceDeletedEvent'
      ? []
      : [fields['resource_version'], (object('resource') ?? object('now'))?.metadata.resourceVersion]),
  ]
}
