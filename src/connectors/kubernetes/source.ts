import type { SourceContext } from '../../engine/contracts.ts'
import { makeDurableDirectory } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { revealSecret } from '../../net/secrets.ts'
import { login } from '../../net/kubernetes/login.ts'
import { openClient } from '../../net/kubernetes/client.ts'
import { messageOf } from '../../model/errors.ts'
import { defineSource } from '../../engine/define.ts'
import type { KubernetesConfig, kubernetesSchema } from './config.ts'
import { Redactor } from './map/redact.ts'
import { restoreObjects, objectsFile } from './source/restore.ts'
import { redactKey } from './source/key.ts'
import { ObjectMap } from './source/objects.ts'
import { replay } from './source/replay.ts'
import { KubernetesSource } from './source/cluster.ts'

export const source = defineSource<typeof kubernetesSchema>('kubernetes', { build: openKubernetes })

export async function openKubernetes(config: KubernetesConfig, context: SourceContext): Promise<KubernetesSource> {
  const { host, state } = context
  if (state === undefined) throw new Error('a Kubernetes source needs a data folder')
  const { namespace = 'default', ...way } = await login({
    host,
    env: self.env,
    path: config.kubeconfig,
    context: config.context,
  })
  const client = openClient(way)
  await makeDurableDirectory(host.disk, state)
  const redactor = config.redact.enabled
    ? new Redactor({
        key: config.redact.key === null ? await redactKey(host, state) : Buffer.from(revealSecret(config.redact.key)),
        names: namesOf(config),
        paths: config.redact.paths.map((path) => ({ path })),
      })
    : undefined
  const shared = context.replay?.shared
  const open = () => openObjects(state, context)
  const map = shared === undefined ? await open() : await restoreObjects(shared, state, context, open)
  const lease =
    config.lease.name === null ? undefined : { name: config.lease.name, namespace: config.lease.namespace ?? namespace }
  if (lease !== undefined && redactor !== undefined && config.redact.key === null)
    context.log.warn(
      'Each replica has a separate key for the digests of secret values, so that their digests differ: set ' +
        '`redact.key` to the same key for all of them.',
      { source: context.id },
    )
  const source = new KubernetesSource(config, context, { client, map, redactor, lease })
  if (context.replay !== undefined) {
    await context.replay.hold(map.position.sequence)
    // Kinds that appeared later are listed, because their emissions are incomplete.
    const known = shared === undefined ? undefined : new Set([...map.collections()].map(({ key }) => key))
    const events = await replay(map, context.replay, (object) => source.keyOf(object), known)
    if (events > 0)
      context.log.info('The last emitted changes of the cluster were restored from the journal.', {
        source: context.id,
        events,
      })
  }
  return source
}

function namesOf({ redact: { names } }: KubernetesConfig) {
  return names === null ? undefined : new RegExp(names, 'i')
}

export async function openObjects(
  folder: string,
  { host, log, metrics, id }: Pick<SourceContext, 'host' | 'log' | 'metrics' | 'id'>,
): Promise<ObjectMap> {
  const path = `${folder}/${objectsFile}`
  try {
    const map = new ObjectMap(path)
    if (map.damaged > 0) {
      metrics.count('weir_kubernetes_damaged_records_total', map.damaged, { source: id, what: 'object' })
      log.error(
        'Stored objects of the cluster fail their checksum and are unknown from now on; their kinds are ' +
          'listed again. Changes of these objects since are not emitted.',
        { source: id, file: path, objects: map.damaged },
      )
    }
    return map
  } catch (error) {
    metrics.count('weir_kubernetes_damaged_records_total', 1, { source: id, what: 'file' })
    const aside = `${path}.damaged-${host.clock.now()}`
    log.error(
      'The stored state of the cluster is unreadable; it is moved aside and the cluster is listed again. ' +
        'Changes since then are not emitted.',
      { file: path, aside, error: messageOf(error) },
    )
    await host.disk.rename(path, aside)
    for (const rest of ['-wal', '-shm']) await host.disk.remove(`${path}${rest}`)
    return new ObjectMap(path)
  }
}
