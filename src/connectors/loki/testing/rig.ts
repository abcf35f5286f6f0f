import { asFlows } from '../../../../test/conformance/as-flows.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { Answer, SourceHarness } from '../../../../test/conformance/source.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import {
  startLokiServer,
  type LokiAnswer,
  type PushedEntry,
  type PushRequest,
} from '../../../../test/kit/loki-server.ts'
import type { Sink, SinkBatch } from '../../../engine/contracts.ts'
import { eventAt } from '../../../model/events.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { EventBatch } from '../../../model/batches.ts'
import type { LogData } from '../../../model/points.ts'
import { configFrom } from '../../../schema/index.ts'
import { lokiPushSchema, lokiSchema } from '../config.ts'
import { sink as loki } from '../sink.ts'
import { source as lokiPush } from '../source.ts'

/** The id of an event, or the name that the suite gave to a flow. */
const idOf = ({ line }: PushedEntry): string => {
  const { id, SrcK8S_Name: name } = JSON.parse(line) as { id?: string; SrcK8S_Name?: string }
  return id ?? name ?? ''
}

/**
 * Flows have no id in their line. The suite makes frames for each attempt: those of the same rows get the same receive
 * time, later ones a later one, as in the journal.
 */
function named(sink: Sink): Sink {
  const flows = asFlows(sink)
  const frames = new Map<string, number>()
  const timed = (batch: SinkBatch): SinkBatch => ({
    ...batch,
    pieces: batch.pieces.map((piece) => {
      const first = piece.batch.kind === 'events' ? eventAt(piece.batch, piece.rows[0] ?? 0).id : 'flows'
      const number = frames.get(first) ?? frames.size
      frames.set(first, number)
      return { ...piece, header: { ...piece.header, received: piece.header.received + number } }
    }),
  })
  return {
    ...sink,
    send: (batch, signal) =>
      (batch.pieces.some((piece) => piece.batch.kind === 'flows') ? flows : sink).send(timed(batch), signal),
  }
}

async function start(encoding: 'protobuf' | 'json'): Promise<OtherSide> {
  const server = await startLokiServer()
  let [refusing, silent, isOpen] = [false, false, true]
  let poisonous: ReadonlySet<string> = new Set()
  let untilCut = Number.POSITIVE_INFINITY
  server.ready = () => (silent ? 0 : refusing ? 503 : 200)
  server.respond = ({ entries }: PushRequest): LokiAnswer => {
    if (silent) return { status: 204, stored: [], silent: true }
    if (refusing) return { status: 429, text: 'ingestion rate limit exceeded' }
    const stored = entries.filter((entry) => !poisonous.has(idOf(entry)))
    return stored.length === entries.length ? { status: 204 } : { status: 400, text: 'some entry is bad', stored }
  }
  server.afterPush = (count) => {
    untilCut -= count
    if (untilCut > 0) return
    untilCut = Number.POSITIVE_INFINITY
    server.cut()
  }
  const stop = async (): Promise<void> => {
    if (isOpen) await server.stop()
    isOpen = false
  }
  return {
    build: async (context, timeoutMs) =>
      named(
        await loki.build(configFrom(lokiSchema, { url: server.url, encoding, timeout: `${timeoutMs}ms` }), context),
      ),
    received: () => Promise.resolve(server.arrived.map(idOf)),
    held: () => Promise.resolve([...server.held.values()].map(idOf)),
    refuse: (on) => Promise.resolve(void (refusing = on)),
    slow: (on) => Promise.resolve(void (silent = on)),
    disconnectAfter: (events) => Promise.resolve(void (untilCut = events)),
    poison: (ids) => Promise.resolve(void (poisonous = ids)),
    async restart() {
      await server.stop()
      await server.start()
    },
    stop,
  }
}

const clients: SourceHarness = {
  order: 'as received',
  async build(context, address) {
    const source = await lokiPush.build(
      configFrom(lokiPushSchema, { listen: address?.slice('http://'.length) ?? '127.0.0.1:0' }),
      context,
    )
    const post = async (body: string): Promise<Answer> => {
      const { status } = await fetch(`${source.addresses[0] ?? ''}/loki/api/v1/push`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
      return status === 204 ? 'accepted' : status === 503 ? 'retry' : 'refused'
    }
    return {
      source,
      sendMalformed: () => post('{}'),
      close: () => Promise.resolve(),
      send: (numbers) =>
        post(JSON.stringify({ streams: [{ stream: { a: 'b' }, values: numbers.map((one) => ['1', String(one)]) }] })),
    }
  },
  numbersIn(unit) {
    const batch = decodeBatch('events', unit.raw) as EventBatch
    return Array.from({ length: batch.count }, (_, row) => {
      const { line } = JSON.parse(Buffer.from(eventAt(batch, row).data ?? []).toString()) as LogData
      return Number(line)
    })
  },
}

export const rig: Rig = {
  sources: [{ name: 'loki-push', harness: clients, against: { system: 'loki-push', server: 'client', standIn: true } }],
  sinks: (['protobuf', 'json'] as const).map((encoding) => ({
    name: `loki ${encoding}`,
    harness: { accepts: loki.accepts, idempotency: loki.idempotency, start: () => start(encoding) },
    against: {
      system: 'loki',
      server: "a stand-in for Loki's push API",
      standIn: true,
      part: encoding === 'json' ? 'JSON' : 'protobuf',
    },
  })),
}
