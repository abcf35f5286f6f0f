import { connect } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import type { Log } from '../../engine/contracts.ts'
import { realHost } from '../../host/index.ts'
import { namedSchemas, startApi } from '../index.ts'
import type { ApiOptions, RunningApi } from '../index.ts'
import { problemOfResponse } from './strict.ts'
import { RecordingControl } from './recording-control.ts'

export const logged: { level: string; message: string }[] = []
const line =
  (level: string) =>
  (message: string): void =>
    void logged.push({ level, message })
export const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }

type TestOptions = Readonly<{
  control?: RecordingControl
  /** Statuses of failures that the test causes, such as 500. */
  failures?: readonly number[]
  /** The store of the test returns the same rows for every statement, so that fields do not fit. */
  invented?: boolean
}>

/** Fails the test if a route returns a status or a field that its description lacks, or a value of another type. */
export async function start({
  failures = [],
  invented = false,
  ...options
}: Partial<ApiOptions> & TestOptions = {}): Promise<{
  api: RunningApi
  control: RecordingControl
  port: number
}> {
  const control = options.control ?? new RecordingControl()
  const undescribed = new Set<string>()
  const api = await startApi({
    listen: { host: '127.0.0.1', port: 0 },
    auth: { tokens: [] },
    httpAuth: 'api',
    log,
    host: realHost(),
    version: '0.0.0-test',
    answered: ({ route, status, described }) => {
      if (described?.includes(String(status)) === false && !failures.includes(status))
        undescribed.add(`${route}: ${status}`)
    },
    sent: ({ route, status, schema, value }) => {
      const problem = schema === undefined || invented ? undefined : problemOfResponse(value, schema, namedSchemas)
      if (problem !== undefined) undescribed.add(`${route}: ${status}: ${problem}`)
    },
    ...options,
    control,
    limits: { closeMs: 200, ...options.limits },
  })
  onTestFinished(async () => {
    logged.length = 0
    await api.close()
    expect([...undescribed], 'the description of each route has what it returned').toEqual([])
  })
  return { api, control, port: Number(new URL(api.url).port) }
}

/** Returns everything until the server closes. */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket
      .setEncoding('latin1')
      .on('data', (piece: string) => (answer += piece))
      .on('end', () => resolve(answer))
      .on('error', reject)
  })
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}
