import type { IncomingMessage } from 'node:http'
import type { Timers } from './real.ts'

const [mostBytes, mostMs] = [64 * 2 ** 20, 5000]

/**
 * Reads the rest of a body that is not needed, before the response. Closing a connection while a body arrives resets
 * it, and the client loses the response.
 */
export function discardRest(request: IncomingMessage, timers: Timers, bytes = mostBytes): Promise<void> {
  if (request.complete) return Promise.resolve()
  return new Promise((resolve) => {
    let left = bytes
    const take = (piece: Buffer) => {
      left -= piece.length
      if (left < 0) done()
    }
    const done = () => {
      timer.cancel()
      request.off('data', take).off('end', done).off('close', done).off('error', done)
      resolve()
    }
    const timer = timers.after(mostMs, done)
    request.on('data', take).once('end', done).once('close', done).once('error', done)
    if (request.readableEnded || request.destroyed) done()
  })
}
