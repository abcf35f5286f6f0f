// Raw HTTP requests that client libraries cannot send.
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

export interface RawAnswer {
  /** 0: the connection ended without a response. */
  readonly status: number
  readonly text: string
}

export interface RawRequest {
  readonly method?: string
  readonly target: string
  /** Header lines in order; only `content-length` is added if there is a body. */
  readonly headers: readonly string[]
  readonly body?: string | Uint8Array
  /** Milliseconds. */
  readonly limit?: number
}

/**
 * Sends one request on a separate connection, without `Connection: close`: a server that closes while a body is in
 * flight resets the connection, and the response is lost.
 */
export async function rawRequest(
  port: number,
  { method = 'GET', target, headers, body, limit = 30_000 }: RawRequest,
): Promise<RawAnswer> {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers,
    ...(body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
    '',
    '',
  ]
  const socket = await open(port)
  // A server may respond and close before it has read everything.
  socket.on('error', () => {})
  socket.write(lines.join('\r\n'))
  if (body !== undefined) socket.write(body)
  return answerOf(socket, limit)
}

/**
 * Sends a whole body before it reads, and ends the connection. Rejects if the connection is reset. `headers`: lines
 * that end with CRLF.
 */
export async function answerAfterBody(port: number, path: string, bytes: number, headers = ''): Promise<string> {
  const socket = await open(port)
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    socket
      .setEncoding('latin1')
      .on('data', (piece: string) => (text += piece))
      .on('end', () => resolve(text))
      .on('error', reject)
  })
  const lines = `host: x\r\nconnection: close\r\n${headers}content-length: ${bytes}\r\n\r\n`
  socket.write(`POST ${path} HTTP/1.1\r\n${lines}`)
  for (let left = bytes; left > 0; left -= 65_536) {
    if (!socket.write(Buffer.alloc(Math.min(left, 65_536)))) await once(socket, 'drain')
  }
  return answer
}

/** The caller closes the socket. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Reads one response, up to the end of the connection or `limit` ms, and closes the socket. */
export function answerOf(socket: Socket, limit: number): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      const text = Buffer.concat(pieces).toString()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    }
    const timer = setTimeout(done, limit)
    socket.on('data', (piece) => {
      pieces.push(piece)
      if (isWhole(Buffer.concat(pieces).toString('latin1'))) done()
    })
    socket.once('close', done)
    socket.once('error', done)
  })
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /^content-length: (\d+)\r$/im.exec(text.slice(0, end + 2))?.[1]
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length)
}
