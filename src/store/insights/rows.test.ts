import { expect, test } from 'vitest'
import { eventsOfReport, type Report } from '../../codecs/sbom/index.ts'
import { eventsOfFeed } from '../../codecs/vulnerability-feeds/index.ts'
import { realHost } from '../../host/index.ts'
import { msPerHour } from '../names.ts'
import { identity, resourceEvent } from '../testing/cluster.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const digest = `sha256:${'a'.repeat(64)}`

const report = (version: string, time: number, some: Partial<Report> = {}): ReturnType<typeof eventsOfReport> =>
  eventsOfReport(
    {
      format: 'trivy-json',
      tool: { name: 'trivy', version: '1' },
      image: { digest, name: 'shop/web', tags: ['1.0'], aliases: [`sha256:${'b'.repeat(64)}`] },
      packages: ['a', 'b'].map((name) => ({ name, version, type: 'npm', licenses: ['MIT'] })),
      problems: [
        { id: 'CVE-1', severity: 'HIGH', score: 0.7, package: 'a', version },
        { id: 'GHSA-1', aliases: ['CVE-1'], severity: 'LOW', package: 'b', version },
      ],
      ...some,
    },
    { sha256: `${version}${time}`, time, origin: 'test' },
  )

const queries = [
  'SELECT * FROM package_rows ORDER BY ALL',
  'SELECT * FROM problem_rows ORDER BY ALL',
  'SELECT * FROM package_reports ORDER BY ALL',
  'SELECT * FROM problem_reports ORDER BY ALL',
  'SELECT report, sum(rows) AS rows FROM package_counts GROUP BY ALL ORDER BY ALL',
  'SELECT report, sum(rows) AS rows FROM problem_counts GROUP BY ALL ORDER BY ALL',
  'SELECT * FROM problem_scores ORDER BY ALL',
  'SELECT * FROM image_reports ORDER BY ALL',
  `SELECT cluster, namespace, kind, name, phase, owner_kind, owner_name, json_extract(data, '$.images') AS images,
      valid_from, valid_to FROM image_pods ORDER BY ALL`,
  'SELECT * FROM image_digests ORDER BY ALL',
] as const

test('rows of finished hours come from memory, and equal those of the files', async () => {
  let now = startOfDay
  const host = { ...realHost(), clock: { ...realHost().clock, now: () => now } }
  const store = await stores.open({ host })
  const make = new FrameMaker()
  const waivers = [{ id: 'CVE-1', status: 'not_affected', justification: 'unused', document: 'd' } as const]
  const pod = (phase: string, time: number): ReturnType<typeof resourceEvent> =>
    resourceEvent(identity('Pod/shop/web-1'), new Date(time).toISOString(), {
      phase,
      labels: { app: 'web' },
      owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'rs', controller: true }],
      images: [{ container: 'c', image: 'shop/web:1.0', id: `shop/web@${digest}` }],
    })
  const apply = async (events: Parameters<FrameMaker['events']>[0]): Promise<void> => {
    await store.projection.apply([make.events(events, now)])
    await store.projection.commit()
  }
  const feed = (score: string, time: number): ReturnType<typeof eventsOfFeed> =>
    eventsOfFeed(
      { name: 'epss', values: new Map([['CVE-1', score]]), malformed: 0 },
      { sha256: `${score}`, time, origin: 'test' },
    )
  await apply([...report('1', now), pod('Pending', now), ...feed('0.1', now)])
  await apply(feed('0.2', now + 1))
  await apply([...report('1', now + 1, { waivers }), pod('Running', now + 1)])
  const files = (await host.disk.list(stores.directory)).filter((name) => name.startsWith('events-'))
  now += msPerHour
  await apply([...report('2', now), resourceEvent(identity('Node//n1'), new Date(now).toISOString(), {})])
  const read = (): Promise<unknown[]> => Promise.all(queries.map((sql) => queryRows(store.reader, sql)))
  const [packages, problems, , , counts, , scores, reports, pods] = (await read()) as Record<string, unknown>[][]
  expect(counts?.map(({ rows }) => Number(rows))).toEqual([2, 2, 2])
  expect(scores).toEqual([{ feed: 'epss', id: 'CVE-1', score: 0.2 }])
  expect([packages?.length, reports?.length, pods?.length]).toEqual([6, 3, 2])
  expect(problems?.map(({ ids }) => ids)).toEqual(expect.arrayContaining([['CVE-1'], ['GHSA-1', 'CVE-1']]))
  expect(problems?.map(({ waived, waiver_reason: reason }) => [waived, reason])).toEqual(
    Array.from({ length: 6 }, () => [true, 'unused']),
  )
  const stored = await read()
  await store.reader.idle()
  for (const name of files) await host.disk.remove(`${stores.directory}/${name}`)
  expect(await read()).toEqual(stored)
})

test('the first query after a start finds the rows of finished hours in memory', async () => {
  let now = startOfDay
  const host = { ...realHost(), clock: { ...realHost().clock, now: () => now } }
  const make = new FrameMaker()
  const write = async (store: Awaited<ReturnType<typeof stores.open>>, version: string): Promise<void> => {
    await store.projection.apply([make.events(report(version, now), now)])
    await store.projection.commit()
  }
  const first = await stores.open({ host })
  await write(first, '1')
  const files = (await host.disk.list(stores.directory)).filter((name) => name.startsWith('events-'))
  now += msPerHour
  await write(first, '2')
  await first.close()
  const store = await stores.open({ host })
  await store.reader.idle()
  for (const name of files) await host.disk.remove(`${stores.directory}/${name}`)
  expect(await queryRows(store.reader, 'SELECT DISTINCT version FROM package_rows ORDER BY ALL')).toEqual([
    { version: '1' },
    { version: '2' },
  ])
})
