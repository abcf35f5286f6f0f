import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { auth, credentials, region } from '../../../test/kit/aws-server.ts'
import { startTrailBucket } from '../../../test/kit/trail-bucket.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'

test('with `ack: sink:out` a message stays in the queue until the sink settles its records, across kills', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-trail-ack-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const bucket = await startTrailBucket()
  onTestFinished(() => bucket.close())
  let [isAway, refused] = [true, 0]
  const received: string[] = []
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => {
      if (isAway) refused++
      else received.push(String(request.headers['ce-id']))
      response.writeHead(isAway ? 503 : 204).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    receiver.closeAllConnections()
    receiver.close()
  })
  const queue = await bucket.makeQueue('acknowledged')
  const ids = Array.from({ length: 30 }, (_, at) => `e${at}`)
  const file = `AWSLogs/123456789012/CloudTrail/${region}/2026/11/21/one.json.gz`
  await bucket.putFile(file, {
    Records: ids.map((eventID) => ({
      eventID,
      eventTime: '2026-11-21T10:00:00Z',
      eventName: 'StopInstances',
      eventSource: 'ec2.amazonaws.com',
      awsRegion: region,
      recipientAccountId: '123456789012',
    })),
  })
  await bucket.announce(queue, [file])
  await writeFile(join(folder, 'secret'), credentials.secretAccessKey, { mode: 0o600 })
  const aws = {
    type: 'cloudtrail',
    from: { type: 'queue', queue_url: queue, bucket: bucket.bucket, s3_endpoint: bucket.url, visibility: '2s' },
    ack: 'sink:out',
    region,
    auth: { ...auth, secret_access_key: `file:${join(folder, 'secret')}` },
  }
  const out = {
    type: 'http',
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    from: ['aws'],
    when_behind: 'block',
    delivery: { retry_initial: '50ms', retry_max: '200ms' },
  }
  await using weir = await startWeir({ folder, config: { sources: { aws }, sinks: { out } } })
  const stored = async (): Promise<number> =>
    Number((await weir.sql("SELECT count(*) AS n FROM events WHERE family = 'audit'"))[0]?.['n'])
  await expect.poll(stored, { timeout: 60_000 }).toBe(ids.length)
  await expect.poll(() => refused, { timeout: 60_000 }).toBeGreaterThan(2)
  expect(await bucket.left(queue)).toBe(1)
  await weir.kill()
  await weir.start()
  const before = refused
  await expect.poll(() => refused, { timeout: 60_000 }).toBeGreaterThan(before + 2)
  expect(await bucket.left(queue)).toBe(1)
  isAway = false
  await expect.poll(() => bucket.left(queue), { timeout: 60_000 }).toBe(0)
  expect([received.toSorted(), await stored()]).toEqual([ids.toSorted(), ids.length])
})
