import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { checkBus } from '../../src/cli/bus-check.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { snsSchema } from '../../src/connectors/aws-sns/config.ts'
import { sqsSchema } from '../../src/connectors/aws-sqs/config.ts'
import { configFrom } from '../../src/schema/index.ts'
import { auth, credentials, region } from '../kit/aws-server.ts'
import { startFauxqs } from '../kit/fauxqs.ts'
import { launch } from '../../src/cli/testing/launch.ts'
import { install } from './install/apt.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

let dir = ''
let server: NatsServer

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-bus-check-'))
  if ((await install(program)).path === undefined) return
  server = await startNats({
    jetstream: true,
    dir,
    config: `
authorization {
  users = [
    { user: all, password: pw }
    { user: writer, password: pw, permissions: { publish: ["changes.>", "$JS.API.>"], subscribe: "_INBOX.>" } }
    { user: reader, password: pw, permissions: { publish: "$JS.API.>", subscribe: ["changes.>", "_INBOX.>"] } }
  ]
}`,
  })
})

beforeEach(async (context) => {
  await need(context, program)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

interface CheckResult {
  readonly code: number
  readonly checks: readonly {
    readonly check: string
    readonly status: string
    readonly fact: string
    readonly advice?: string
  }[]
}

async function check(user: string, ...words: readonly string[]): Promise<CheckResult> {
  const { code, stdout, stderr } = await launch(['bus', 'check', ...words, '-o', 'json', '--timeout', '5'], {
    env: { NATS_SERVER_URL: `nats://${user}@127.0.0.1:${server.port}` },
  })
  if (stdout === '') throw new Error(stderr)
  return { code, checks: (JSON.parse(stdout) as { checks: CheckResult['checks'] }).checks }
}

const inTest = { write: true, mayCreate: false, stepMs: 10_000 }
const steps = (findings: readonly Finding[]): string[] => findings.map(({ check: step, status }) => `${step} ${status}`)
const stepsOf = ({ checks }: CheckResult): string[] => checks.map(({ check: step, status }) => `${step} ${status}`)

test('a message is written and received', async () => {
  const checked = await check('all:pw', 'nats://changes.prod?stream=CHANGES')
  expect(stepsOf(checked)).toEqual(['connect ok', 'write ok', 'read ok'])
  expect(checked.code).toBe(0)
  expect(checked.checks[1]?.fact).toMatch(
    /^a message was sent to changes\.prod, \d+ bytes, and acknowledged after \d+ ms$/,
  )
})

test('each missing right to log in, write or listen is reported', async () => {
  const stranger = await check('all:wrong', 'nats://changes.prod')
  expect([stranger.code, stranger.checks.at(-1)]).toEqual([
    1,
    expect.objectContaining({
      check: 'connect',
      status: 'fail',
      fact: expect.stringContaining('rejected the login') as string,
    }),
  ])
  const reader = await check('reader:pw', 'nats://changes.prod')
  expect([reader.code, reader.checks.at(-1)]).toEqual([
    1,
    expect.objectContaining({
      check: 'write',
      status: 'fail',
      fact: expect.stringContaining('denies publishing to changes.prod') as string,
    }),
  ])
  const writer = await check('writer:pw', 'nats://changes.prod')
  expect(stepsOf(writer)).toEqual(['url warn', 'connect ok', 'write ok', 'read warn'])
  expect([writer.code, writer.checks.at(-1)?.fact]).toEqual([
    0,
    expect.stringContaining('denies subscribing to changes.prod') as string,
  ])
})

test('a sink of a configuration is checked, and nothing is sent when nothing is to be', async () => {
  const file = join(dir, 'weir.yaml')
  await writeFile(
    file,
    JSON.stringify({
      sinks: {
        bus: {
          type: 'nats',
          url: server.url,
          stream: 'KEPT',
          subject: 'changes.kept',
          auth: { type: 'user', user: 'all', password: 'env:PW' },
        },
      },
    }),
  )
  const connection = await connect({ servers: server.url, user: 'all', pass: 'pw' })
  try {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: 'KEPT', subjects: ['changes.kept'] })
    const run = async (...words: readonly string[]) =>
      launch(['bus', 'check', '--config', file, '--sink', 'bus', ...words], { env: { PW: 'pw' } })
    const looked = await run('--no-write')
    expect(looked).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 ok, 0 warnings, 0 failing') as string,
    })
    expect((await manager.streams.info('KEPT')).state.messages).toBe(0)
    const written = await run()
    expect(written).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 ok, 0 warnings, 0 failing') as string,
    })
    expect(written.stdout + written.stderr).not.toContain('pw')
    expect((await manager.streams.info('KEPT')).state.messages).toBe(1)
  } finally {
    await connection.close()
  }
})

test('SQS: messages read back stay for their readers, and a queue that reading would harm is not read', async () => {
  const aws = await startFauxqs()
  onTestFinished(() => aws.close())
  const checked = async (name: string): Promise<readonly Finding[]> =>
    checkBus(
      { type: 'aws-sqs', settings: configFrom(sqsSchema, { queue_url: aws.urlOf(name), region, auth }), notes: [] },
      inTest,
    )
  await aws.makeQueue('plain')
  for (let one = 0; one < 12; one++)
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: aws.urlOf('plain'), MessageBody: `another ${one}` }))
  expect(steps(await checked('plain'))).toEqual(['connect ok', 'write ok', 'read ok'])
  // All can be had at once: nothing is kept from its readers.
  const left = await aws.take('plain')
  expect(left.map(({ Body = '' }) => Body).filter((body) => body.startsWith('another'))).toHaveLength(12)
  expect(left).toHaveLength(13)

  const refused = async (name: string, message: string): Promise<void> => {
    expect((await checked(name)).at(-1)).toMatchObject({
      check: 'read',
      status: 'warn',
      fact: expect.stringContaining(message) as string,
    })
    const [only] = await aws.take(name)
    expect(only?.Attributes?.['ApproximateReceiveCount']).toBe('1')
  }
  await aws.makeQueue('ordered.fifo')
  await refused('ordered.fifo', 'blocks the other messages of a group')
  await aws.makeQueue('counted')
  const { Attributes: { QueueArn: deadLetterTargetArn = '' } = {} } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: aws.urlOf('plain'), AttributeNames: ['QueueArn'] }),
  )
  await aws.sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: aws.urlOf('counted'),
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }) },
    }),
  )
  await refused('counted', 'RedrivePolicy')
})

test.each(['', '.fifo'])(
  'SNS: proven facts are reported, and with a temporary queue the message is received (topic%s)',
  async (ending) => {
    const aws = await startFauxqs()
    onTestFinished(() => aws.close())
    await aws.makeQueue(`readers${ending}`)
    const topic = await aws.makeTopic(`readers${ending}`)
    const bus = {
      type: 'aws-sns',
      settings: configFrom(snsSchema, { topic_arn: topic, endpoint: aws.url, region, auth }),
      notes: [],
    }
    expect((await checkBus(bus, inTest)).at(-1)).toMatchObject({
      check: 'read',
      status: 'warn',
      fact: expect.stringContaining('for 1 confirmed subscription. A topic stores no messages') as string,
    })
    expect(steps(await checkBus(bus, { ...inTest, mayCreate: true }))).toEqual(['connect ok', 'write ok', 'read ok'])
    expect((await aws.sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([
      expect.stringContaining(`/readers${ending}`),
    ])
    expect(await aws.take(`readers${ending}`)).toHaveLength(2)
  },
)

test('weir doctor --live checks the queues of sources, takes nothing, and reports missing ones', async () => {
  const aws = await startFauxqs()
  onTestFinished(() => aws.close())
  await aws.makeQueue('read')
  await aws.sqs.send(new SendMessageCommand({ QueueUrl: aws.urlOf('read'), MessageBody: 'one' }))
  const connection = await connect({ servers: server.url, user: 'all', pass: 'pw' })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'READ', subjects: ['changes.read'] })
  await connection.close()
  const file = join(dir, 'doctor.yaml')
  const nats = { type: 'nats', url: server.url, auth: { type: 'user', user: 'all', password: 'env:PW' } }
  const sqs = { type: 'aws-sqs', region, auth }
  await writeFile(
    file,
    JSON.stringify({
      data: join(dir, 'data'),
      store: { enabled: 'none' },
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        there: { ...nats, stream: 'READ' },
        missing: { ...nats, stream: 'NOWHERE' },
        queue: { ...sqs, queue_url: aws.urlOf('read') },
        noqueue: { ...sqs, queue_url: aws.urlOf('nothing') },
      },
    }),
  )
  const { stdout, stderr } = await launch(['doctor', '--config', file, '--live', '-o', 'json'], {
    env: { PW: 'pw', AWS_SERVER_SECRET: credentials.secretAccessKey },
  })
  if (stdout === '') throw new Error(stderr)
  const found = (JSON.parse(stdout) as { checks: CheckResult['checks'] }).checks.filter(({ check: step }) =>
    step.startsWith('source '),
  )
  expect(found.map(({ check: step, status }) => `${step} ${status}`)).toEqual([
    'source there ok',
    'source missing fail',
    'source queue ok',
    'source noqueue fail',
  ])
  expect(found.map(({ fact }) => fact)).toEqual([
    expect.stringMatching(
      /logged in; stream READ has 0 messages, consumer weir does not exist yet and is created at the start$/,
    ),
    expect.stringContaining('stream NOWHERE not found'),
    'queue read exists; about 1 messages are visible, 0 are in flight',
    expect.stringContaining('queue nothing does not exist'),
  ])
  expect((await aws.take('read'))[0]?.Attributes?.['ApproximateReceiveCount']).toBe('1')
})

test('a target that is no bus, or not in the configuration, is reported', async () => {
  for (const [words, message] of [
    [['nats://'], 'names no subject'],
    [['smoke://x'], 'is not a bus of kollect or Weir'],
    [[], 'Give either the URL of a bus'],
    [['--sink', 'none'], 'There is no sink `none`'],
    [['nats://x', '--timeout', 'soon'], 'not a number of seconds'],
  ] as const) {
    const { code, stderr } = await launch(['bus', 'check', ...words], { env: {} })
    expect([code, stderr]).toEqual([2, expect.stringContaining(message) as string])
  }
})
