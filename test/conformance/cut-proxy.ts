import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP relay on a loopback port that can cut its connections. */
export interface CutProxy {
  readonly port: number
  /**
   * Forwards `count` more occurrences of `marker` to the server, then cuts every connection once, responses included.
   */
  cutAfter(count: number, marker: string): void
  /** Keeps connections open and forwards nothing in either direction. */
  hold(on: boolean): void
  close(): Promise<void>
}

/** `ownPort` 0: a free one. */
export async function cutProxy(targetPort: number, ownPort = 0): Promise<CutProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let left = Number.POSITIVE_INFINITY
  let wanted = ''
  let held = false

  const cut = (): void => {
    left = Number.POSITIVE_INFINITY
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  /** Number of bytes that may pass before the cut. */
  const passing = (chunk: Buffer): number => {
    if (left === Number.POSITIVE_INFINITY) return chunk.length
    for (let at = chunk.indexOf(wanted); at >= 0; at = chunk.indexOf(wanted, at + 1)) if (left-- <= 0) return at
    return chunk.length
  }
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const pair = [client, upstream] as const
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of pair) socket.on('close', end).on('error', end)
    client.on('data', (chunk) => {
      const size = passing(chunk)
      upstream.write(chunk.subarray(0, size))
      // The forwarded bytes reach the server; its responses are lost.
      if (size < chunk.length) setTimeout(cut, 20)
      if (size < chunk.length) client.pause()
      if (left <= 0) upstream.pause()
    })
    upstream.on('data', (chunk) => {
      client.write(chunk)
    })
    if (held) for (const socket of pair) socket.pause()
  })
  await new Promise<void>((resolve) => server.listen(ownPort, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(count, marker) {
      left = count
      wanted = marker
    },
    hold(on) {
      held = on
      for (const pair of pairs)
        for (const socket of pair) {
          if (on) socket.pause()
          else socket.resume()
        }
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}
