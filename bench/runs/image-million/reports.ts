// Reports of images and the pods that run them, written by the store's projection. Packages follow a skewed
// distribution: most images have the common ones.
import { eventsOfReport, type Report } from '../../../src/codecs/sbom/index.ts'
import { realHost, type Host } from '../../../src/host/index.ts'
import { toEventBatch, type WeirEvent } from '../../../src/model/events.ts'
import { openStore, type Store } from '../../../src/store/index.ts'
import { identity, resourceEvent } from '../../../src/store/testing/cluster.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../../src/store/testing/frames.ts'
import { SeededRandom } from '../../../test/kit/random.ts'

/** The time of the queries; all rows are older. */
const now = Date.UTC(2026, 10, 27, 8)
const [names, perFrame] = [20_000, 2000] as const
const types = ['deb', 'npm', 'maven', 'pypi', 'golang'] as const
const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] as const

export interface Reports {
  readonly store: Store
  readonly host: Host
  readonly packages: number
  readonly problems: number
  readonly images: number
  readonly seconds: number
  /** Images by `name version` of a package. */
  readonly where: ReadonlyMap<string, ReadonlySet<string>>
}

const digestOf = (image: number) => `sha256:${image.toString(16).padStart(64, '0')}`

export async function storeReports(directory: string, seed: number, images: number): Promise<Reports> {
  const began = performance.now()
  const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => now } }
  const store = await openStore({ host, directory, log: recordingLog(), metrics: recordingMetrics(), resolver })
  const make = new FrameMaker()
  const random = new SeededRandom(seed)
  const where = new Map<string, Set<string>>()
  let [packages, problems] = [0, 0]
  let waiting: WeirEvent[] = []
  const flush = async () => {
    for (let from = 0; from < waiting.length; from += perFrame)
      await store.projection.apply([
        make.batch(toEventBatch(waiting.slice(from, from + perFrame)), now - 3_600_000, 'sbom'),
      ])
    await store.projection.commit()
    waiting = []
  }
  for (let image = 0; image < images; image++) {
    const report = reportOf(image, random)
    for (const { name, version = '' } of report.packages ?? []) {
      const key = `${name} ${version}`
      where.set(key, (where.get(key) ?? new Set()).add(digestOf(image)))
    }
    packages += report.packages?.length ?? 0
    problems += report.problems?.length ?? 0
    const time = now - 86_400_000 + image
    waiting.push(...eventsOfReport(report, { sha256: digestOf(image).slice(-64), time, origin: 'bench' }))
    waiting.push(...podsOf(image, time))
    if (waiting.length >= 20_000) await flush()
  }
  await flush()
  // A row of the hour after: reports are in files of a finished hour, as nearly always.
  await store.projection.apply([make.batch(toEventBatch(podsOf(0, now).slice(0, 1)), now, 'sbom')])
  await store.projection.commit()
  while (await store.maintain());
  // As after a start.
  await store.reader.idle()
  return { store, host, images, packages, problems, where, seconds: (performance.now() - began) / 1000 }
}

function reportOf(image: number, random: SeededRandom): Report {
  const chosen = new Map<string, { name: string; version: string; type: string; purl: string }>()
  while (chosen.size < 500) {
    const at = Math.floor(names * random.next() ** 3)
    const type = types[at % types.length] ?? 'deb'
    const [name, version] = [`package-${at}`, `${1 + (at % 9)}.${Math.floor(random.next() * 20)}.0`]
    const purl = `pkg:${type}/${name}@${version}`
    chosen.set(name, { name, version, type, purl })
  }
  const packages = [...chosen.values()].map((one) => ({
    ...one,
    licenses: ['Apache-2.0'],
    locations: [`/usr/lib/${one.name}/metadata`],
  }))
  const problems = packages.slice(0, 100).map((one, at) => ({
    id: `CVE-2026-${Number(one.name.slice(8))}`,
    severity: severities[at % severities.length] ?? 'LOW',
    score: (at % 10) / 10,
    package: one.name,
    version: one.version,
    purl: one.purl,
    ...(at % 3 === 0 ? { fixed: '99.0.0' } : {}),
    description: 'A description of about two hundred bytes. '.repeat(5),
  }))
  return {
    format: 'trivy-json',
    tool: { name: 'trivy', version: '1' },
    image: { digest: digestOf(image), name: `registry.example/shop/app-${image % 400}`, tags: [`1.${image}`] },
    packages,
    listed: packages.length,
    problems,
  }
}

/** Every second image runs, in two pods. */
function podsOf(image: number, time: number): WeirEvent[] {
  if (image % 2 === 1) return []
  const [since, name, namespace] = [new Date(time).toISOString(), `app-${image}`, `n${image % 40}`]
  const owned = (kind: string, owner: string): object => ({
    owners: [{ group: 'apps', kind, name: owner, uid: `u-${owner}`, controller: true }],
  })
  const repository = `registry.example/shop/app-${image % 400}`
  return [
    resourceEvent(identity(`ReplicaSet/${namespace}/${name}-1`), since, owned('Deployment', name)),
    ...['a', 'b'].map((pod) =>
      resourceEvent(identity(`Pod/${namespace}/${name}-1-${pod}`), since, {
        ...owned('ReplicaSet', `${name}-1`),
        images: [{ container: 'main', image: `${repository}:1.${image}`, id: `${repository}@${digestOf(image)}` }],
        node: `node-${image % 9}`,
        phase: 'Running',
      }),
    ),
  ]
}
