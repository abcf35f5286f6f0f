// A stand-in for CloudTrail's LookupEvents: AWS JSON 1.1, pages, limits, errors.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { credentials } from './aws-server.ts'
import { endAtOnce, listenHere } from './loopback.ts'

/** A CloudTrail record, or text that is not one. */
export type TrailRecord = Readonly<Record<string, unknown>> | string

export interface ReceivedRequest {
  readonly region: string
  readonly start: number
  readonly end: number
  readonly token: string | undefined
  readonly most: number
  readonly session: string | undefined
}

/**
 * `drop`: the connection ends without a response; `silent`: no response; `none`: the normal response; `cut`: half of
 * it; `repeat`: the response with the token of the request. A body is sent unchanged.
 */
export type TrailFault =
  | { readonly status: number; readonly code: string; readonly message?: string }
  | { readonly status: 200; readonly body: string }
  | 'drop'
  | 'silent'
  | 'none'
  | 'cut'
  | 'repeat'

interface Held {
  readonly record: TrailRecord
  readonly time: number
  readonly id: string
  readonly visible: number
}

const mostInAnswer = 50

export class TrailServer {
  readonly received: ReceivedRequest[] = []
  now: () => number = Date.now
  /** Requests per second and region; more are refused. */
  perSecond = Number.POSITIVE_INFINITY
  url = ''
  readonly #held = new Map<string, Held[]>()
  readonly #faults = new Map<string, { readonly fault: TrailFault; left: number }[]>()
  readonly #times = new Map<string, number[]>()
  readonly #server: Server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy())
  })

  async start(): Promise<this> {
    this.url = await listenHere(this.#server)
    return this
  }

  stop(): Promise<void> {
    return endAtOnce(this.#server)
  }

  /** Number of regions with records. */
  get regions(): number {
    return this.#held.size
  }

  /** `visible`: Unix ms from which the records are returned. */
  put(region: string, records: readonly TrailRecord[], visible = 0): void {
    const held = this.#held.get(region) ?? []
    for (const record of records) {
      const [time, id] =
        typeof record === 'string'
          ? [this.now(), record]
          : [Date.parse(String(record['eventTime'])), String(record['eventID'])]
      held.push({ record, time, id, visible })
    }
    this.#held.set(region, held)
  }

  /** The next `times` requests of a region fail. */
  fail(region: string, fault: TrailFault, times = 1): void {
    this.#faults.set(region, [...(this.#faults.get(region) ?? []), { fault, left: times }])
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
    }
    const refuse = ({
      status,
      code,
      message = 'injected fault',
    }: Extract<TrailFault, { readonly code: string }>): void => {
      answer(status, { __type: code, Message: message })
    }
    const [, key, region = '', service] =
      /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? '') ?? []
    if (
      service !== 'cloudtrail' ||
      request.headers['x-amz-target']?.toString().endsWith('CloudTrail_20131101.LookupEvents') !== true ||
      request.headers['content-type'] !== 'application/x-amz-json-1.1'
    )
      return refuse({ status: 400, code: 'UnknownOperationException' })
    if (key !== credentials.accessKeyId)
      return refuse({
        status: 400,
        code: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
      })
    const {
      StartTime: start = 0,
      EndTime: end = Infinity,
      MaxResults: most = mostInAnswer,
      NextToken: token,
    } = JSON.parse(Buffer.concat(parts).toString()) as {
      StartTime?: number
      EndTime?: number
      MaxResults?: number
      NextToken?: string
    }
    this.received.push({
      region,
      start: start * 1000,
      end: end * 1000,
      token,
      most,
      session: request.headers['x-amz-security-token']?.toString(),
    })
    const scripted = this.#faults.get(region)?.find(({ left }) => left > 0)
    if (scripted !== undefined) scripted.left--
    const fault = scripted?.fault
    if (fault === 'drop') return void response.destroy()
    if (fault === 'silent') return
    if (typeof fault === 'object' && 'body' in fault)
      return void response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(fault.body)
    if (typeof fault === 'object') return refuse(fault)
    if (this.#isTooFast(region)) return refuse({ status: 400, code: 'ThrottlingException', message: 'Rate exceeded' })
    if (most > mostInAnswer || most < 1) return refuse({ status: 400, code: 'InvalidMaxResultsException' })
    if (start > end) return refuse({ status: 400, code: 'InvalidTimeRangeException' })
    const found = (this.#held.get(region) ?? [])
      .filter(({ time, visible }) => time >= start * 1000 && time <= end * 1000 && visible <= this.now())
      .toReversed()
      .toSorted((a, b) => b.time - a.time)
    const at = token === undefined ? 0 : found.findIndex(({ id }) => id === Buffer.from(token, 'base64').toString())
    if (at < 0) return refuse({ status: 400, code: 'InvalidNextTokenException' })
    const [page, next] = [found.slice(at, at + most), found[at + most]]
    const truth = {
      Events: page.map(({ record, time, id }) => ({
        EventId: id,
        EventTime: time / 1000,
        ...(typeof record === 'string'
          ? { CloudTrailEvent: record }
          : {
              EventName: record['eventName'],
              EventSource: record['eventSource'],
              ReadOnly: 'false',
              Resources: [],
              CloudTrailEvent: JSON.stringify(record),
            }),
      })),
      ...(fault === 'repeat'
        ? { NextToken: token }
        : next === undefined
          ? {}
          : { NextToken: Buffer.from(next.id).toString('base64') }),
    }
    if (fault !== 'cut') return answer(200, truth)
    const text = JSON.stringify(truth)
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(text.slice(0, text.length >> 1))
  }

  #isTooFast(region: string): boolean {
    const now = this.now()
    const times = (this.#times.get(region) ?? []).filter((time) => time > now - 1000)
    if (times.length >= this.perSecond) return true
    this.#times.set(region, [...times, now])
    return false
  }
}
