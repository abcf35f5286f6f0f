// Stages `encode s3` and `write grpc` of flowlogs-pipeline in `weir netobserv`: both programs run the same file, read
// the same lines, and deliver the same.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { collector } from '../../src/connectors/netobserv/testing/collector.ts'
import { bucketAt, type TestBucket } from '../../src/connectors/s3/testing/bucket.ts'
import { localBin, ROOT } from '../../tools/kit/command.ts'
import { credentials } from '../kit/aws-server.ts'
import { freePorts } from '../kit/free-port.ts'
import { findFlowlogsPipeline } from './install/flowlogs-pipeline.ts'
import { installMoto } from './install/moto.ts'
import { startMoto } from './kit/aws.ts'

const limit = { timeout: 60_000, interval: 100 }

type Row = Readonly<Record<string, unknown>>

const records: readonly Row[] = Array.from({ length: 6 }, (_, n) => ({
  Etype: 2048,
  SrcAddr: `10.0.0.${n}`,
  DstAddr: '10.0.0.99',
  SrcPort: 40_000 + n,
  DstPort: 443,
  Proto: 6,
  Flags: 18,
  Bytes: 1 + n,
  Packets: 1,
  SrcK8S_Name: 'größe',
}))

beforeEach((context) => {
  const found = findFlowlogsPipeline()
  if (found.path === undefined) context.skip(found.reason)
})

/** Runs a program with the output until `done`. */
async function run(which: 'original' | 'weir', output: object, done: () => Promise<boolean>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-outputs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const config = join(folder, 'flp.json')
  const [metrics = 0, health = 0, api = 0, ops = 0] = await freePorts(4)
  const file = {
    'log-level': 'error',
    pipeline: [{ name: 'in' }, { name: 'out', follows: 'in' }],
    parameters: [
      { name: 'in', ingest: { type: 'stdin' } },
      { name: 'out', ...output },
    ],
    metricsSettings: { port: metrics, prefix: 'flp_' },
  }
  await writeFile(config, JSON.stringify(file))
  const [command, args] =
    which === 'original'
      ? [findFlowlogsPipeline().path ?? '', ['--config', config, '--healthAddr', `127.0.0.1:${health}`]]
      : [
          localBin('node'),
          ['bin/weir.mjs', 'netobserv', '--config', config, '--data', join(folder, 'data')].concat(
            ['--listen', `127.0.0.1:${api}`],
            ['--ops', `127.0.0.1:${ops}`],
          ),
        ]
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, WEIR_DATA: '', LANG: 'C' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.resume()
  child.stderr.resume()
  child.stdin.write(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  await expect.poll(done, limit).toBe(true)
  child.kill('SIGTERM')
  await once(child, 'close')
}

/** Without the time of receipt, and the members that only Weir writes. */
const common = (rows: readonly Row[]): readonly Row[] =>
  rows
    .map(({ TimeReceived: _, protocol: __, time_skewed: ___, ...row }) => row)
    .toSorted((a, b) => Number(a['Bytes']) - Number(b['Bytes']))

describe('flowlogs-pipeline', () => {
  test('write grpc: the collector receives the same flows', async () => {
    const received = []
    for (const which of ['original', 'weir'] as const) {
      const other = await collector()
      onTestFinished(() => other.stop())
      const [targetHost = '', targetPort = ''] = other.url.slice('grpc://'.length).split(':')
      const output = { write: { type: 'grpc', grpc: { targetHost, targetPort: Number(targetPort) } } }
      await run(which, output, () => Promise.resolve(other.flows.length >= records.length))
      received.push(common(other.flows))
    }
    expect(received[1]).toEqual(received[0])
    expect(received[0]).toMatchObject(records)
  })

  test('encode s3: the objects have the same names, members and flows', async (context) => {
    const python = await installMoto()
    if (python.path === undefined) return context.skip(python.reason)
    const server = await startMoto()
    onTestFinished(() => server.close())
    const found = []
    for (const which of ['original', 'weir'] as const) {
      const bucket = await bucketAt(server.direct ?? server.url)
      onTestFinished(() => bucket.close())
      const s3 = {
        account: 'tenant',
        endpoint: bucket.url.slice('http://'.length),
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        bucket: bucket.name,
        batchSize: 3,
        writeTimeout: '1m',
        objectHeaderParameters: { site: 'west' },
      }
      const output = { encode: { type: 's3', s3 } }
      const complete = async (): Promise<boolean> => (await logsIn(bucket)).flatMap(flowsOf).length >= records.length
      await run(which, output, complete)
      found.push({ keys: (await bucket.objects()).map(({ key }) => key), logs: await logsIn(bucket) })
    }
    const [original, weir] = found
    for (const { keys } of found)
      for (const key of keys)
        expect(key).toMatch(/^tenant\/year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\/stream-id=[^/]+\/\d{8}$/)
    expect(common((weir?.logs ?? []).flatMap(flowsOf))).toEqual(common((original?.logs ?? []).flatMap(flowsOf)))
    const shape = (logs: Row): readonly unknown[] => [Object.keys(logs).toSorted(), logs['version'], logs['site']]
    expect(weir?.logs.map(shape)).toEqual(original?.logs.map(shape))
  })
})

const logsIn = async (bucket: TestBucket): Promise<readonly Row[]> =>
  (await bucket.objects()).map(({ text }) => JSON.parse(text) as Row)

const flowsOf = (logs: Row): readonly Row[] => logs['flow_logs'] as readonly Row[]
