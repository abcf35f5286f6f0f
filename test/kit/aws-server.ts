// A proxy of an SQS and SNS server that can make single messages of a batch fail.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'

export const region = 'eu-central-1'
export const credentials = { accessKeyId: 'AKIAWEIRTEST', secretAccessKey: 'a-secret-of-tests' }
process.env['AWS_SERVER_SECRET'] = credentials.secretAccessKey
/** The credentials as settings. */
export const auth = {
  type: 'keys',
  access_key_id: credentials.accessKeyId,
  secret_access_key: 'env:AWS_SERVER_SECRET',
} as const

export interface AwsServer {
  readonly url: string
  readonly port: number
  /** A client that is independent of Weir. */
  readonly sqs: SQSClient
  /** Access keys of requests, in order. */
  readonly seen: string[]
  /** Session tokens of requests, in order. */
  readonly tokens: string[]
  /** Messages with one of these texts fail temporarily. */
  fail(marks: readonly string[]): void
  /** Every request fails with this AWS error until it is reset. */
  answer(error: { readonly status: number; readonly code: string } | undefined): void
  urlOf(name: string): string
  makeQueue(name: string): Promise<string>
  dropQueue(name: string): Promise<void>
  /** Makes a topic with raw delivery to the queue of the same name; resolves with its ARN. */
  makeTopic(name: string, raw?: boolean): Promise<string>
  dropTopic(arn: string): Promise<void>
  /** Removes and returns all messages. */
  take(name: string): Promise<readonly Message[]>
  /** Refuses connections until `start`, which keeps port and data. */
  stop(): Promise<void>
  start(): Promise<void>
  restart(): Promise<void>
  close(): Promise<void>
}

export interface Passed {
  readonly status: number
  readonly body: string
  readonly type: string
}

export interface Behind {
  /** The account in URLs and ARNs. */
  readonly account: string
  pass(path: string, headers: IncomingHttpHeaders, body: string): Promise<Passed>
  close(): Promise<void>
}

export async function awsServer({ account, pass, close }: Behind): Promise<AwsServer> {
  let marks: readonly string[] = []
  let error: { readonly status: number; readonly code: string } | undefined
  const seen: string[] = []
  const tokens: string[] = []
  const answer = async (request: IncomingMessage): Promise<Passed> => {
    seen.push(/Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '')
    const token = request.headers['x-amz-security-token']
    if (typeof token === 'string') tokens.push(token)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    const query = String(request.headers['content-type']).includes('x-www-form-urlencoded')
    if (error !== undefined) {
      const body = query
        ? `<ErrorResponse><Error><Type>Sender</Type><Code>${error.code}</Code><Message>injected fault</Message>` +
          '</Error><RequestId>1</RequestId></ErrorResponse>'
        : JSON.stringify({ __type: `com.amazonaws.sqs#${error.code}`, message: 'injected fault' })
      return { status: error.status, body, type: query ? 'text/xml' : 'application/x-amz-json-1.0' }
    }
    const { passed, failed } =
      marks.length === 0 ? { passed: text, failed: [] } : query ? splitForm(text, marks) : splitJson(text, marks)
    const answered = await pass(
      request.url ?? '/',
      { ...request.headers, 'content-length': String(Buffer.byteLength(passed)) },
      passed,
    )
    return failed.length === 0
      ? answered
      : { ...answered, body: query ? withFailedXml(answered.body, failed) : withFailed(answered.body, failed) }
  }
  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body, type }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.destroy(),
    )
  })
  await listen(server, 0)
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const sqs = new SQSClient({ region, endpoint: url, credentials })
  const sns = new SNSClient({ region, endpoint: url, credentials })
  const urlOf = (name: string): string => `${url}/${account}/${name}`
  return {
    url,
    port,
    sqs,
    seen,
    tokens,
    urlOf,
    fail: (found) => {
      marks = found
    },
    answer: (message) => {
      error = message
    },
    async makeQueue(name) {
      await sqs.send(
        new CreateQueueCommand({ QueueName: name, Attributes: name.endsWith('.fifo') ? { FifoQueue: 'true' } : {} }),
      )
      return urlOf(name)
    },
    async dropQueue(name) {
      await sqs.send(new DeleteQueueCommand({ QueueUrl: urlOf(name) }))
    },
    async makeTopic(name, raw = true) {
      const { TopicArn: arn = '' } = await sns.send(
        new CreateTopicCommand({ Name: name, Attributes: name.endsWith('.fifo') ? { FifoTopic: 'true' } : {} }),
      )
      await sns.send(
        new SubscribeCommand({
          TopicArn: arn,
          Protocol: 'sqs',
          Endpoint: `arn:aws:sqs:${region}:${account}:${name}`,
          Attributes: { RawMessageDelivery: String(raw) },
        }),
      )
      return arn
    },
    async dropTopic(arn) {
      await sns.send(new DeleteTopicCommand({ TopicArn: arn }))
    },
    async take(name) {
      const all: Message[] = []
      for (;;) {
        const { Messages: found = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: urlOf(name),
            MaxNumberOfMessages: 10,
            MessageAttributeNames: ['All'],
            MessageSystemAttributeNames: ['All'],
          }),
        )
        if (found.length === 0) return all
        all.push(...found)
        await sqs.send(
          new DeleteMessageBatchCommand({
            QueueUrl: urlOf(name),
            Entries: found.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
          }),
        )
      }
    },
    stop: () => end(server),
    start: () => listen(server, port),
    async restart() {
      await end(server)
      await listen(server, port)
    },
    async close() {
      sqs.destroy()
      sns.destroy()
      await end(server)
      await close()
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
}

async function end(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}

interface Split {
  readonly passed: string
  readonly failed: readonly string[]
}

function splitJson(text: string, marks: readonly string[]): Split {
  const input = JSON.parse(text) as { Entries?: { Id: string; MessageBody: string }[] }
  const entries = input.Entries ?? []
  const failed = entries.filter(({ MessageBody }) => marks.some((mark) => MessageBody.includes(mark)))
  return {
    passed:
      failed.length === 0
        ? text
        : JSON.stringify({ ...input, Entries: entries.filter((entry) => !failed.includes(entry)) }),
    failed: failed.map(({ Id }) => Id),
  }
}

function splitForm(text: string, marks: readonly string[]): Split {
  const form = [...new URLSearchParams(text)].map(([name, value]) => ({ name, value, ...memberOf(name) }))
  const bad = new Set(
    form.flatMap(({ member, field, value }) =>
      field === 'Message' && marks.some((mark) => value.includes(mark)) ? [member] : [],
    ),
  )
  // A server may stop at the first missing member number.
  const left = [...new Set(form.flatMap(({ member }) => (member === undefined || bad.has(member) ? [] : [member])))]
  const passed = form.flatMap(({ name, value, member }): [string, string][] =>
    member === undefined
      ? [[name, value]]
      : bad.has(member)
        ? []
        : [[name.replace(/member\.\d+/, `member.${left.indexOf(member) + 1}`), value]],
  )
  return {
    passed: new URLSearchParams(passed).toString(),
    failed: form.flatMap(({ member, field, value }) => (field === 'Id' && bad.has(member) ? [value] : [])),
  }
}

function memberOf(name: string): { readonly member?: string; readonly field?: string } {
  const [, member, field] = /^PublishBatchRequestEntries\.member\.(\d+)\.(\w+)/.exec(name) ?? []
  return member === undefined || field === undefined ? {} : { member, field }
}

function withFailed(body: string, failed: readonly string[]): string {
  const answered = JSON.parse(body) as { Successful?: unknown[]; Failed?: unknown[] }
  return JSON.stringify({
    Successful: answered.Successful ?? [],
    Failed: [
      ...(answered.Failed ?? []),
      ...failed.map((Id) => ({ Id, Code: 'InternalError', Message: 'injected fault', SenderFault: false })),
    ],
  })
}

function withFailedXml(body: string, failed: readonly string[]): string {
  const members = failed
    .map(
      (id) =>
        `<member><Id>${id}</Id><Code>InternalError</Code><Message>injected fault</Message>` +
        '<SenderFault>false</SenderFault></member>',
    )
    .join('')
  return body.replace('<Failed>', `<Failed>${members}`).replace('<Failed/>', `<Failed>${members}</Failed>`)
}
