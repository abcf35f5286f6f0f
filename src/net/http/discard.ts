import type { Readable } from 'node:stream'
import type { Timers } from '../../host/index.ts'

/** Closing a connection while a body arrives resets it, and the client loses the response. */
export function discard(from: Readable, bytes: number, ms: number, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes
    const take = (piece: Buffer) => {
      left -= piece.length
      if (left < 0) done()
    }
    const done = () => {
      timer.cancel()
      from.off('data', take).off('end', done).off('close', done).off('error', done)
      resolve()
    }
    const timer = timers.after(ms, done)
    from.on('data', take).once('end', done).once('close', done).once('error', done)
    if (from.readableEnded || from.destroyed) done()
  })
}
