import { join } from 'node:path'
import { PubSub } from '@google-cloud/pubsub'
import { PassThroughClient } from 'google-auth-library'
import { encodeBatch } from '../../src/codecs/cloudevents/index.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { auth, credentials, region } from '../../test/kit/aws-server.ts'
import { anyChanges, changeEvent } from '../../test/kit/changes.ts'
import { some } from '../../test/kit/delivered.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { installElasticmq } from '../../test/real/install/elasticmq.ts'
import { installGoCloudEvents } from '../../test/real/install/go-cloudevents.ts'
import { installKafka } from '../../test/real/install/kafka.ts'
import { nats } from '../../test/real/install/nats.ts'
import { findPubSub } from '../../test/real/install/pubsub.ts'
import { installPythonBuses } from '../../test/real/install/python-buses.ts'
import { startElasticmq } from '../../test/real/kit/aws.ts'
import { startKafka } from '../../test/real/kit/kafka.ts'
import { startNats } from '../../test/real/kit/nats.ts'
import { startPubSub } from '../../test/real/kit/pubsub.ts'
import { anyEvents, eventDifferences, type ReceivedEvent } from './foreign-consumers/events.ts'
import { pythonReceiver, receive } from './foreign-consumers/receivers.ts'
import { differences, sentAt } from './kollect-consumer/expected.ts'
import { consume, generate } from './kollect-consumer/reader.ts'

const batch = 500
const project = 'weir-test'
const modes = ['binary', 'structured', 'protobuf'] as const

export default {
  name: 'foreign-consumers',
  issue: '6.4',
  title:
    "Independent clients read Weir's messages from Kafka, SQS, Pub/Sub and NATS. They get every change and " +
    'CloudEvent once, with equal fields.',
  async run(context) {
    const found = [
      await installPythonBuses(),
      await installGoCloudEvents(),
      await installKafka(),
      await install(nats),
      await installElasticmq(),
    ] as const
    for (const each of found) if (each.path === undefined) return context.skip(each.reason)
    const [python = '', go = ''] = found.map(({ path }) => path)
    const emulator = await findPubSub()
    if (emulator.path === undefined) context.figure('without Pub/Sub', emulator.reason)
    await using stack = new AsyncDisposableStack()
    const kafka = stack.use(await startKafka())
    const bus = stack.use(await startNats({ jetstream: true, dir: context.folder }))
    const elasticmq = stack.adopt(await startElasticmq(), (server) => server.close())
    const pubsub = emulator.path === undefined ? undefined : stack.use(await startPubSub())
    const broker = `127.0.0.1:${kafka.ports.plain}`
    const queue = await elasticmq.makeQueue('kollect.fifo')
    if (pubsub !== undefined) await makeTopic(pubsub.endpoint)

    const kollect = { codec: 'kollect', mode: 'raw', only: { family: ['change'] } }
    const kafkaSink = { type: 'kafka', brokers: [broker], create_topic: true, partitions: 3, replication: 1 }
    const kinds = { only: { family: ['event', 'audit'] } }
    const weir = stack.use(
      await startWeir({
        folder: context.folder,
        env: { WEIR_TEST_AWS_SECRET: credentials.secretAccessKey },
        config: {
          store: { enabled: 'none' },
          sinks: {
            'kollect-kafka': { ...kafkaSink, topic: 'kollect', ...kollect },
            'kollect-sqs': { type: 'aws-sqs', queue_url: queue, region, auth, ...kollect },
            ...(pubsub === undefined
              ? {}
              : {
                  'kollect-pubsub': {
                    type: 'gcppubsub',
                    project,
                    topic: 'kollect',
                    endpoint: pubsub.endpoint,
                    auth: { type: 'none' },
                    ...kollect,
                  },
                }),
            ...Object.fromEntries(
              modes.flatMap((mode) => [
                [`kafka-${mode}`, { ...kafkaSink, topic: mode, mode, ...kinds }],
                [
                  `nats-${mode}`,
                  {
                    type: 'nats',
                    url: bus.url,
                    stream: mode.toUpperCase(),
                    subject: mode,
                    create_stream: true,
                    mode,
                    ...kinds,
                  },
                ],
              ]),
            ),
          },
        },
      }),
    )

    const changes = anyChanges(context.seed, context.size(10_000, 300), 'prod')
    const events = anyEvents(context.seed, context.size(5_000, 240))
    await post(weir, [...changes.map((change) => changeEvent(change, sentAt)), ...events])
    const ledger = await weir.caughtUp(300_000)
    context.expect(
      ledger.balanced && ledger.sinks.every(({ dead_lettered: dead }) => dead === 0),
      'every sink delivered its rows, and the ledger is balanced',
    )

    const generated = join(context.folder, 'classes')
    await generate(python, generated, false)
    const sent = new Map(changes.map((change) => [`prod/${change.uid}`, change]))
    const kollectReaders: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>?])[] = [
      ['Kafka (confluent-kafka)', ['kafka', broker, 'kollect']],
      ['SQS (boto3)', ['sqs', elasticmq.url, region, queue]],
      ...(pubsub === undefined
        ? []
        : [
            [
              'Pub/Sub (google-cloud-pubsub)',
              ['pubsub', project, 'kollect'],
              { PUBSUB_EMULATOR_HOST: pubsub.endpoint },
            ] as const,
          ]),
    ]
    const read = await Promise.all(
      kollectReaders.map(([, place, env]) => consume(python, [generated, ...place, String(changes.length)], env)),
    )
    for (const [index, [name]] of kollectReaders.entries()) {
      const received = read[index] ?? []
      const wrong = received.flatMap((each) => differences(each, sent.get(each.key), false))
      context.figure(`changes read by Python from ${name}`, received.length)
      context.expect(
        received.length === changes.length && new Set(received.map(({ key }) => key)).size === changes.length,
        `${name}: every change once`,
      )
      context.expect(wrong.length === 0, `${name}: key and every field of kollect are as sent (${some(wrong)})`)
    }

    const count = String(events.length)
    for (const mode of modes) {
      const [kafkaGo, natsGo, kafkaPython] = await Promise.all([
        receive(go, ['kafka', broker, mode, count]),
        receive(go, [mode === 'protobuf' ? 'nats-protobuf' : 'nats', bus.url, mode.toUpperCase(), mode, count]),
        // The Python SDK has no protobuf.
        mode === 'protobuf' ? undefined : receive(python, [pythonReceiver, broker, mode, count]),
      ])
      judge(context, `Go SDK, Kafka, ${mode}`, events, kafkaGo)
      judge(context, `Go SDK, NATS, ${mode}`, events, unescaped(mode, natsGo))
      if (kafkaPython !== undefined) judge(context, `Python SDK, Kafka, ${mode}`, events, kafkaPython)
    }
  },
} satisfies AcceptanceRun

function judge(
  context: AcceptanceContext,
  name: string,
  events: readonly WeirEvent[],
  received: readonly ReceivedEvent[],
) {
  const sent = new Map(events.map((event) => [event.id, event]))
  const wrong = received.flatMap((each) =>
    eventDifferences(each, sent.get(each.attributes['id'] ?? ''), name.startsWith('Python')),
  )
  context.figure(`CloudEvents read by ${name}`, received.length)
  context.expect(
    received.length === events.length &&
      new Set(received.map(({ attributes }) => attributes['id'])).size === events.length,
    `${name}: every event once`,
  )
  context.expect(wrong.length === 0, `${name}: every attribute and all data are as sent (${some(wrong)})`)
}

/** The NATS binding escapes values as in HTTP; the Go SDK does not unescape them. */
function unescaped(mode: (typeof modes)[number], received: readonly ReceivedEvent[]): readonly ReceivedEvent[] {
  if (mode !== 'binary') return received
  const plain = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        name === 'datacontenttype' ? String(value) : decodeURIComponent(String(value)),
      ]),
    )
  return received.map(({ attributes, extensions, data }) => ({
    attributes: plain(attributes),
    extensions: plain(extensions ?? {}),
    data,
  }))
}

async function makeTopic(endpoint: string) {
  const client = new PubSub({
    projectId: project,
    apiEndpoint: endpoint,
    emulatorMode: true,
    authClient: new PassThroughClient(),
  })
  const [topic] = await client.createTopic('kollect')
  await topic.createSubscription('kollect', { enableMessageOrdering: true })
  await client.close()
}

async function post({ url }: WeirProcess, events: readonly WeirEvent[]) {
  for (let at = 0; at < events.length; at += batch) {
    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body: new Uint8Array(encodeBatch(events.slice(at, at + batch))),
    })
    if (!answer.ok) throw new Error(`the events were answered ${answer.status}: ${await answer.text()}`)
  }
}
