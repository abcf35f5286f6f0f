// Source cloudtrail on files of a trail: S3, SQS and SNS by moto, which sends notifications of new files.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { sourceConformance } from '../conformance/source.ts'
import { auth, credentials, region } from '../kit/aws-server.ts'
import { TrailServer } from '../kit/cloudtrail.ts'
import { trailBucketAt, trailSourceOn, type TrailBucket } from '../kit/trail-bucket.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { startWeir } from '../kit/weir-process.ts'
import { installMoto } from './install/moto.ts'
import { startMoto, type VersionedAws } from './kit/aws.ts'

let server: VersionedAws
let bucket: TrailBucket

beforeAll(async () => {
  if ((await installMoto()).path === undefined) return
  server = await startMoto()
  bucket = await trailBucketAt(server.direct ?? server.url, () => server.close())
})

beforeEach(async (context) => {
  const found = await installMoto()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(() => bucket?.close())

sourceConformance(
  'cloudtrail queue at moto',
  trailSourceOn(() => bucket),
  { system: 'cloudtrail-s3', server: 'moto', version: () => server.version, unordered: true },
)

test('Weir records each event of announced and late files once, despite kills; doctor checks all of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-trail-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'secret'), credentials.secretAccessKey, { mode: 0o600 })
  const queue = await bucket.makeQueue('product')
  const history = await new TrailServer().start()
  onTestFinished(() => history.stop())
  const login = { region, auth: { ...auth, secret_access_key: `file:${join(folder, 'secret')}` } }
  const sources = {
    history: {
      type: 'cloudtrail',
      from: { type: 'lookup', regions: [region], every: '1s' },
      endpoint: history.url,
      ...login,
    },
    aws: {
      type: 'cloudtrail',
      from: { type: 'queue', queue_url: queue, bucket: bucket.bucket, s3_endpoint: bucket.url, visibility: '2s' },
      ...login,
    },
  }
  await using weir = await startWeir({ folder, config: { sources } })
  let wanted = 0
  const happen = (count: number): void => {
    const now = Date.now()
    for (let at = 0; at < count; at++) history.put(region, [record(now - at * 100)], at % 3 === 0 ? now + 2000 : 0)
  }
  const record = (time: number) => ({
    eventID: `r${wanted++}`,
    eventTime: new Date(time).toISOString(),
    eventName: 'StopInstances',
    eventSource: 'ec2.amazonaws.com',
    awsRegion: region,
    recipientAccountId: '123456789012',
    userIdentity: { type: 'IAMUser', userName: 'jane' },
    requestParameters: { instancesSet: { items: [{ instanceId: 'i-1' }] } },
  })
  const put = async (files: number): Promise<void> => {
    for (let file = 0; file < files; file++) {
      const records = Array.from({ length: 50 }, () => record(Date.now()))
      await bucket.putFile(`AWSLogs/123456789012/CloudTrail/${region}/2026/11/21/${wanted}.json.gz`, {
        Records: records,
      })
    }
  }
  // Whatever could not be read would be counted, too.
  const stored = async (): Promise<unknown> => {
    const [counts] = await weir.sql(
      'SELECT count(*) AS n, count(DISTINCT id) AS ids, count(*) FILTER (json_extract_string(data, ' +
        "'$.audit.actor.name') = 'jane') AS jane FROM events",
    )
    return [Number(counts?.['n']), Number(counts?.['ids']), Number(counts?.['jane'])]
  }
  await bucket.notify(queue)
  happen(70)
  await put(20)
  const first = `AWSLogs/123456789012/CloudTrail/${region}/2026/11/21/120.json.gz`
  await expect.poll(stored, { timeout: 60_000 }).not.toEqual([0, 0, 0])
  await weir.kill()
  await bucket.notify(queue, await server.makeTopic('product', false))
  happen(70)
  await put(5)
  await weir.start()
  await expect.poll(stored, { timeout: 60_000 }).toEqual([wanted, wanted, wanted])
  await expect.poll(() => bucket.left(queue), { timeout: 60_000 }).toBe(0)
  // A file that is announced twice is read again, and its records are duplicates.
  await bucket.announce(queue, [first])
  await put(1)
  await expect.poll(() => bucket.left(queue), { timeout: 60_000 }).toBe(0)
  await expect.poll(stored, { timeout: 60_000 }).toEqual([wanted, wanted, wanted])
  const { stdout } = await weirCommand('doctor', '--live', '--config', join(folder, 'weir.yaml'))
  expect(stdout).toContain('queue product exists')
  expect(stdout).toContain(`bucket ${bucket.bucket} grants access`)
  expect(stdout).toContain(`CloudTrail in ${region} grants read access to its events`)
})
