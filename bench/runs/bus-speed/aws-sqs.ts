import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { awsEntry, toAwsMessage } from '../../../src/messaging/aws-message.ts'
import { SqsPuller } from '../../../src/messaging/aws-pull.ts'
import { sqsSchema, sqsSourceSchema } from '../../../src/connectors/aws-sqs/config.ts'
import { sink as sqs } from '../../../src/connectors/aws-sqs/sink.ts'
import type { BusMessage } from '../../../src/codecs/bus-message/index.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { ROOT } from '../../../tools/kit/command.ts'
import { testContext } from '../../../test/conformance/batches.ts'
import { atOnce } from '../../../test/kit/at-once.ts'
import { auth, credentials, region } from '../../../test/kit/aws-server.ts'
import { freePorts } from '../../../test/kit/free-port.ts'
import type { Place, SpeedBusKind } from './bus.ts'

/** Parallel requests: 256 messages in flight in batches of ten, like the source. */
const [sending, receiving] = [26, 10]

export const awsSqsSpeed: SpeedBusKind = {
  name: 'aws-sqs',
  found: () => Promise.resolve({ path: 'fauxqs', version: '' }),
  messages: 2_000,
  async start() {
    const [port = 0] = await freePorts(1)
    // A separate process, to exclude its CPU time.
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/fauxqs/dist/cli.js')], {
      stdio: 'ignore',
      env: { ...process.env, FAUXQS_PORT: String(port), FAUXQS_LOGGER: 'false', FAUXQS_HOST: '127.0.0.1' },
    })
    const killWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', killWithUs)
    const client = new SQSClient({ region, endpoint: `http://127.0.0.1:${port}`, credentials })
    for (let tries = 0; ; tries++) {
      try {
        await client.send(new CreateQueueCommand({ QueueName: 'written' }))
        break
      } catch (error) {
        if (tries > 100) throw error
        await sleep(100)
      }
    }
    const urlOf = (name: string) => `http://127.0.0.1:${port}/000000000000/${name}`
    const sink = await sqs.build(
      configFrom(sqsSchema, { queue_url: urlOf('written'), region, auth, mode: 'raw' }),
      testContext(),
    )
    const produce = async (messages: readonly BusMessage[], to = 'written') => {
      const tens = Array.from({ length: Math.ceil(messages.length / 10) }, (_, at) =>
        messages.slice(at * 10, at * 10 + 10),
      )
      await atOnce(tens, sending, async (ten) => {
        const Entries = ten.map((message, index) => {
          const written = toAwsMessage({ ...message, attributes: {} }, { fifo: false, group: '' })
          return { ...awsEntry(written, index), MessageBody: written.body }
        })
        const { Failed: failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: urlOf(to), Entries }))
        if (failed.length > 0) throw new Error(`${failed.length} not sent`)
      })
    }
    let filled = 0
    return {
      sink,
      produce,
      async fill(messages, places) {
        const from = filled
        filled += places
        const names = Array.from({ length: places }, (_, at) => `read${from + at}`)
        for (const name of names) {
          await client.send(new CreateQueueCommand({ QueueName: name }))
          await produce(messages, name)
        }
        return names.map((name): Place => ({
          source(context) {
            const config = configFrom(sqsSourceSchema, {
              queue_url: urlOf(name),
              region,
              auth,
              codec: 'json',
              requests: receiving,
            })
            return { config, puller: new SqsPuller(config, context) }
          },
          async consume(count, came) {
            let left = count
            await Promise.all(
              Array.from({ length: receiving }, async () => {
                while (left > 0) {
                  const { Messages: some = [] } = await client.send(
                    new ReceiveMessageCommand({
                      QueueUrl: urlOf(name),
                      MaxNumberOfMessages: 10,
                      WaitTimeSeconds: 0,
                      MessageAttributeNames: ['All'],
                      MessageSystemAttributeNames: ['All'],
                    }),
                  )
                  if (some.length === 0) continue
                  for (const { MessageAttributes: found = {}, Body: body = '' } of some)
                    came(
                      () =>
                        Object.fromEntries(
                          Object.entries(found).map(([name, { StringValue: value = '' }]) => [name, value]),
                        ),
                      body,
                    )
                  left -= some.length
                  await client.send(
                    new DeleteMessageBatchCommand({
                      QueueUrl: urlOf(name),
                      Entries: some.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
                    }),
                  )
                }
              }),
            )
          },
        }))
      },
      async close() {
        await sink.close()
        client.destroy()
        process.off('exit', killWithUs)
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      },
    }
  },
}
