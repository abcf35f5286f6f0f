// A receiver of remote write that refuses chosen series as Prometheus, Mimir or a receiver of 2.0 does.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { ProtoMessage } from './proto-read.ts'

export interface PushedSeries {
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
  readonly at: number
  /** Of 2.0. */
  readonly since?: number
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string }
}

export interface PushedRequest {
  readonly headers: IncomingHttpHeaders
  readonly series: readonly PushedSeries[]
}

/**
 * `prometheus`: a refused series rolls back the request, and none is named. `mimir`: the others are stored, and the
 * first refused one is named. `v2`: the others are stored, counted, and each refused one is named.
 */
export type ReceiverStyle = 'prometheus' | 'mimir' | 'v2'

export interface Receiver {
  readonly url: string
  readonly requests: PushedRequest[]
  /** The last stored sample by series, as `name{label="value"}`. */
  readonly stored: Map<string, PushedSeries>
  /** Reason of a refused series; undefined: accepted. */
  refuse: (series: PushedSeries) => string | undefined
  /** Set: ends a request before it is decoded. */
  answer: ((response: ServerResponse, headers: IncomingHttpHeaders) => boolean) | undefined
  close(): Promise<void>
}

const v2Type = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

export async function startReceiver(style: ReceiverStyle): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = []
    request
      .on('data', (chunk: Uint8Array) => chunks.push(chunk))
      .on('end', () => {
        const { headers } = request
        if (receiver.answer?.(response, headers) === true) return
        const isV2 = headers['content-type'] === v2Type
        if (isV2 && style !== 'v2') {
          response.writeHead(415).end('unsupported protobuf message')
          return
        }
        const series = (isV2 ? decodeV2 : decodeV1)(unpacked(Buffer.concat(chunks)))
        receiver.requests.push({ headers, series })
        take(receiver, isV2 ? 'v2' : style, series, response)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/push`,
    requests: [],
    stored: new Map(),
    refuse: () => undefined,
    answer: undefined,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

function take(
  receiver: Receiver,
  style: ReceiverStyle,
  series: readonly PushedSeries[],
  response: ServerResponse,
): void {
  const refused = series.flatMap((one) => {
    const reason = receiver.refuse(one)
    return reason === undefined ? [] : [{ one, reason }]
  })
  const isAtomic = style === 'prometheus' && refused.length > 0
  const bad = new Set(refused.map(({ one }) => one))
  const stored = isAtomic ? [] : series.filter((one) => !bad.has(one))
  for (const one of stored) receiver.stored.set(nameOf(one), one)
  const headers = style === 'v2' ? { 'x-prometheus-remote-write-samples-written': String(stored.length) } : {}
  const [first] = refused
  if (first === undefined) response.writeHead(204, headers).end()
  else if (style === 'prometheus') response.writeHead(400).end(`${first.reason}\n`)
  else if (style === 'mimir')
    response
      .writeHead(400)
      .end(`failed pushing to ingester: user=a: ${first.reason} from series ${nameOf(first.one)}\n`)
  else
    response
      .writeHead(400, headers)
      .end(refused.map(({ one, reason }) => `${reason} for series ${labelsText(one)}`).join('\n'))
}

export function nameOf({ labels }: PushedSeries): string {
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
  return name + labelsText({ labels: labels.filter(([label]) => label !== '__name__') })
}

/** As Prometheus prints labels. */
function labelsText({ labels }: Pick<PushedSeries, 'labels'>): string {
  return `{${labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`
}

function unpacked(body: Uint8Array): ProtoMessage {
  return new ProtoMessage(compressionsAlgorithms.snappy.decompressSync(Buffer.from(body)) as Uint8Array)
}

function decodeV1(request: ProtoMessage): PushedSeries[] {
  return request.messages(1).map((series) => {
    const sample = series.message(2)
    return {
      labels: series.messages(1).map((label) => [label.text(1), label.text(2)] as const),
      value: sample.double(1),
      at: sample.number(2),
    }
  })
}

function decodeV2(request: ProtoMessage): PushedSeries[] {
  const symbols = request.texts(4)
  return request.messages(5).map((series) => {
    const refs = series.packed(1).map((ref) => symbols[ref] ?? `no symbol ${ref}`)
    const sample = series.message(2)
    const metadata = series.message(5)
    return {
      labels: refs.flatMap((name, i) => (i % 2 === 0 ? [[name, refs[i + 1] ?? ''] as const] : [])),
      value: sample.double(1),
      at: sample.number(2),
      since: sample.number(3),
      metadata: {
        type: metadata.number(1),
        help: symbols[metadata.number(3)] ?? '',
        unit: symbols[metadata.number(4)] ?? '',
      },
    }
  })
}
