// A second Weir without redaction proves that the search finds each value in each place.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { synced } from '../../test/kit/synced.ts'
import { prepareWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { findKubernetes } from '../../test/real/install/kubernetes.ts'
import { nats } from '../../test/real/install/nats.ts'
import { kubeconfigOf, startKube, type Kube } from '../../test/real/kit/kube.ts'
import { startNats, type NatsServer } from '../../test/real/kit/nats.ts'
import { Needles } from './kubernetes-secrets/needles.ts'
import { listen, lookAtApi, lookAtFolder, lookAtStream, Receiver, type Look } from './kubernetes-secrets/places.ts'
import { inParts, namespace, Planter, prepare, redactMore } from './kubernetes-secrets/planted.ts'

/** Where each value must be found in the Weir without redaction. */
const patterns = [
  'KOLLECT',
  'EVENTS',
  'HTTP, kollect',
  'HTTP, CloudEvents',
  'live stream',
  'SQL as json',
  'SQL as ndjson',
  'SQL as csv',
  'SQL as table',
  'GET /api/v1/changes/one',
  'frames of the journal',
  'values of the map of objects',
  'columns of the store',
  'file out.ndjson',
]
/** Single objects are sampled, and a stream or a map does not keep every state. */
const partly = new Set(['live stream', 'GET /api/v1/changes/one', 'values of the map of objects', 'SQL as table'])
/** The source's name, which is also in the log. */
const sourceName = 'k5e2c1d9a7b3f4086'

interface Searched {
  /** Places by value. */
  readonly found: Map<string, Set<number>>
  readonly bytes: Map<string, number>
}

export default {
  name: 'kubernetes-secrets',
  issue: '5.5',
  title:
    '1,000 secrets are written to a cluster in more than 110 ways. None is in any sent, logged or stored ' +
    'byte, plain or encoded.',
  async run(context) {
    const [kubernetes, server] = [findKubernetes(), await install(nats)]
    if (kubernetes.path === undefined) return context.skip(kubernetes.reason)
    if (server.path === undefined) return context.skip(server.reason)
    const folder = join(context.folder, 'kube')
    mkdirSync(folder)
    const kube = await startKube(folder)
    try {
      await using bus = await startNats({ jetstream: true, dir: context.folder })
      await prepare(kube)
      const planter = new Planter(kube, String(context.seed))
      const found = await searched(context, { kube, bus, planter, values: 40, redact: false })
      const control = planter.values.length
      const [missed, ways] = [missing(found, planter), new Set(planter.values.map(({ way }) => way)).size]
      context.figure('ways in which values were written', ways)
      context.figure('values of the Weir without redaction', control)
      context.expect(missed.length === 0, `values without redaction are found in each place (${some(missed)})`)
      const safe = await searched(context, { kube, bus, planter, values: context.size(1000, 24), redact: true })
      const secrets = planter.values.length
      const bytes = [...safe.bytes.values()].reduce((sum, each) => sum + each, 0)
      context.figure('secrets', secrets - control)
      context.figure('bytes searched', Math.round(bytes / 1e6), 'MB')
      for (const [place, size] of safe.bytes)
        if (patterns.includes(place)) context.figure(`of ${place}`, Math.round(size / 1e5) / 10, 'MB')
      const leaks = [...safe.found].flatMap(([place, numbers]) =>
        [...numbers].map((number) => `${place}: ${planter.values[number]?.way}`),
      )
      context.expect(leaks.length === 0, `no secret is anywhere (${some([...new Set(leaks)])})`)
      context.expect(
        patterns.every((place) => (safe.bytes.get(place) ?? 0) > 0),
        'each place was searched',
      )
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun

/** Places without a value that Weir watched. */
function missing({ found }: Searched, { values }: Planter): string[] {
  const ways = [
    ...Map.groupBy(
      values.filter(({ prefix }) => /-(?:running|last)$/.test(prefix)),
      ({ way }) => way,
    ),
  ]
  const unseen = ways
    .filter(
      ([way, all]) =>
        way.startsWith('corpus: ') &&
        !inParts.has(way) &&
        !all.every(({ number }) => found.get('frames of the journal')?.has(number) === true),
    )
    .map(([way]) => `frames of the journal: ${way}`)
  return unseen.concat(
    patterns.flatMap((place) => {
      const there = found.get(place) ?? new Set()
      if (partly.has(place)) return there.size === 0 ? [place] : []
      return ways
        .filter(([way, all]) => !way.startsWith('corpus: ') && !all.every(({ number }) => there.has(number)))
        .map(([way]) => `${place}: ${way}`)
    }),
  )
}

interface Run {
  readonly kube: Kube
  readonly bus: NatsServer
  readonly planter: Planter
  readonly values: number
  readonly redact: boolean
}

/** Runs Weir while values are written before, during and between its runs, and searches everything for all values. */
async function searched(context: AcceptanceContext, { kube, bus, planter, values, redact }: Run): Promise<Searched> {
  const name = redact ? 'redacted' : 'plain'
  const folder = join(context.folder, name)
  mkdirSync(folder)
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
  const [hook, hookEvents] = [await Receiver.start(), await Receiver.start()]
  const stream = (codec: string): object => ({
    type: 'nats',
    url: bus.url,
    stream: `${codec === 'kollect' ? 'KOLLECT' : 'EVENTS'}_${name}`,
    subject: `${codec}.${name}`,
    create_stream: true,
    codec,
  })
  const changes = { only: { family: ['change'] } }
  const weir = await prepareWatcher()
  try {
    await planter.plant(`${name}-before`, values / 4)
    await weir.start()
    await synced(weir)
    const live = [listen(`${weir.url}/api/v1/live`), listen(`${weir.url}/api/v1/tap?sink=bus`)]
    await sleep(500)
    await planter.plant(`${name}-running`, values / 4)
    await quiet(weir)
    for (const each of live) await each.stop()
    await weir.stop()
    await planter.plant(`${name}-away`, values / 4)
    await weir.start()
    await synced(weir)
    const again = listen(`${weir.url}/api/v1/live`)
    await sleep(500)
    await planter.plant(`${name}-last`, values / 4)
    await quiet(weir)
    await again.stop()

    const needles = new Needles()
    for (const { number, bytes, text } of planter.values) {
      needles.add(number, bytes)
      needles.add(number, Buffer.from(text))
    }
    const nameNeedle = -1
    needles.add(nameNeedle, Buffer.from(sourceName))
    const result: Searched = { found: new Map(), bytes: new Map() }
    const look: Look = (place, bytes) => {
      result.bytes.set(place, (result.bytes.get(place) ?? 0) + bytes.length)
      needles.find(bytes, (number) => {
        const there = result.found.get(place) ?? new Set()
        result.found.set(place, there.add(number))
      })
    }
    await lookAtApi(weir, look, context.size(400, 50)).catch(async (cause: unknown) => {
      const ended = await Promise.race([weir.exited(), sleep(2000)])
      throw new Error(
        `${String(cause)} (${ended === undefined ? 'Weir runs' : `Weir ended: ${JSON.stringify(ended)}`}); ` +
          `its log ends with\n${weir.log.slice(-1000)}`,
      )
    })
    await weir.stop()
    look('log', Buffer.from(weir.log))
    context.expect(result.found.get('log')?.has(nameNeedle) === true, `${name}: the log was searched`)
    look('live stream', Buffer.concat([...(live[0]?.pieces ?? []), ...again.pieces]))
    look('tap', Buffer.concat(live[1]?.pieces ?? []))
    look('HTTP, kollect', Buffer.concat(hook.pieces))
    look('HTTP, CloudEvents', Buffer.concat(hookEvents.pieces))
    for (const kind of ['KOLLECT', 'EVENTS'])
      await lookAtStream(bus.url, `${kind}_${name}`, (_, bytes) => look(kind, bytes))
    look('file out.ndjson', readFileSync(join(folder, 'out.ndjson')))
    const { frames, values: rows, columns } = await lookAtFolder(weir.data, look)
    context.expect(
      frames > 0 && rows > 0 && columns > 0,
      `${name}: the folder was decoded (${frames} frames, ${rows} values of the map, ${columns} columns)`,
    )
    for (const there of result.found.values()) there.delete(nameNeedle)
    for (const [place, there] of result.found) if (there.size === 0) result.found.delete(place)
    return result
  } finally {
    await weir.kill()
    await hook.close()
    await hookEvents.close()
  }

  function prepareWatcher(): Promise<WeirProcess> {
    return prepareWeir({
      folder,
      config: {
        log: { level: 'debug', format: 'json' },
        sources: {
          netflow: { listen: 'off', tcp: 'off' },
          [sourceName]: {
            type: 'kubernetes',
            cluster: 'c1',
            kubeconfig,
            namespaces: [namespace],
            initial: 'snapshot',
            reconcile: '10s',
            redact: { ...redactMore, enabled: redact },
          },
        },
        sinks: {
          bus: { ...stream('kollect'), ...changes },
          events: stream('json'),
          hook: { type: 'http', url: hook.url, codec: 'kollect', ...changes },
          hookEvents: { type: 'http', url: hookEvents.url, mode: 'batched' },
          out: { type: 'file', path: join(folder, 'out.ndjson') },
        },
      },
    })
  }
}

/** Waits until every sink is caught up, and no more rows arrive for some seconds. */
async function quiet(weir: WeirProcess) {
  let [before, same] = [-1, 0]
  for (let waited = 0; waited < 240 && same < 4; waited++) {
    await sleep(500)
    const now = await weir.metric('weir_kubernetes_changes_total')
    same = now === before && now > 0 ? same + 1 : 0
    before = now
  }
  await weir.caughtUp(120_000)
}
