import {
  MessageWriter,
  type FlowPiece,
  type IpfixMessage,
  type TemplateMessages,
} from '../../codecs/ipfix-export/index.ts'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import type { Failure } from '../../model/outcome.ts'
import { messageOf } from '../../model/errors.ts'
import { formatHostPort } from '../../schema/values.ts'
import { SendError, type Session } from './client.ts'
import type { IpfixConfig, ipfixSchema } from './config.ts'

export const sink = defineSink<typeof ipfixSchema>('ipfix', {
  accepts: ['flows'],
  idempotency: 'none',
  build: openIpfix,
})

const largestMessage = { tcp: 65_535, udp: 65_507 } as const

async function openIpfix(config: IpfixConfig, context: Context): Promise<Sink> {
  const largest = largestMessage[config.transport]
  const options = {
    elements: config.elements,
    domain: config.domain,
    enterprise: config.enterprise_id,
    sampling: config.sampling === 'options',
    limit: config.transport === 'udp' ? config.datagram_size : largest,
    largest,
  }
  const writer = new MessageWriter(options)
  const session = await openSession(config, context, writer.templates())
  return {
    send: (batch, signal) => send(writer, session, batch, signal),
    probe: (signal) => session.probe(signal),
    preview: (batch) => previewOf(config, new MessageWriter(options), batch),
    close: () => session.close(),
  }
}

async function openSession(config: IpfixConfig, context: Context, templates: TemplateMessages): Promise<Session> {
  const options = { config, context, templates }
  if (config.transport === 'tcp') return new (await import('./client-tcp.ts')).TcpSession(options)
  return new (await import('./client-udp.ts')).UdpSession(options)
}

async function send(
  writer: MessageWriter,
  session: Session,
  batch: SinkBatch,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const { messages, tooLarge } = writer.encode(piecesOf(batch))
  const failures: Failure[] = tooLarge.map(({ index, bytes }) => ({
    index,
    is: 'reject',
    reason: tooLargeReason(bytes),
  }))
  if (messages.length === 0) return failures
  try {
    await session.send(messages, signal)
  } catch (error) {
    const first = error instanceof SendError ? error.first : 0
    const reason = messageOf(error)
    for (const { rows } of messages.slice(first))
      for (const index of rows) failures.push({ index, is: 'retry', reason })
  }
  return failures.sort((a, b) => a.index - b.index)
}

function* piecesOf({ pieces }: SinkBatch): Generator<FlowPiece> {
  for (const { batch, rows, header } of pieces)
    if (batch.kind === 'flows') yield { batch, rows, received: header.received }
}

const tooLargeReason = (bytes: number) =>
  `the record has ${bytes} bytes, more than an IPFIX message holds; shorten its names with a transform`

function* previewOf(
  { transport, target }: IpfixConfig,
  writer: MessageWriter,
  { pieces }: SinkBatch,
): Generator<Preview> {
  const to = `${transport}://${formatHostPort(target)}`
  for (const { batch, rows, header } of pieces) {
    if (batch.kind !== 'flows') continue
    for (const row of rows) {
      const single = { batch, rows: Uint32Array.of(row), received: header.received }
      const { messages, tooLarge } = writer.encode([single])
      yield messages[0] === undefined
        ? { problem: tooLargeReason(tooLarge[0]?.bytes ?? 0) }
        : { to, body: bodyOf(messages[0]) }
    }
  }
}

const bodyOf = ({ bytes }: IpfixMessage) => bytes
