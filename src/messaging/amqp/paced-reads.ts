/**
 * Fewer reads of a TCP connection: RabbitMQ writes few messages at a time, and a read costs as much as decoding ten of
 * them. Not for TLS, which has a read for each record.
 */
import { Socket } from 'node:net'
import type { Timers } from '../../host/index.ts'

/** After a larger read the next one follows at once. */
const largeRead = 48 * 1024

/** For `net.connect`: a socket that stops reading after each read. */
export const stopAfterRead = { readableHighWaterMark: 1 } as const

/** Waits `pauseMs()` milliseconds after each small read; 0: not at all. The socket has `stopAfterRead`. */
export function paceReads(socket: unknown, timers: Pick<Timers, 'after'>, pauseMs: () => number): void {
  if (!(socket instanceof Socket)) return
  const read = socket._read.bind(socket)
  let before = socket.bytesRead
  socket._read = (size) => {
    const bytes = socket.bytesRead - before
    before = socket.bytesRead
    const ms = bytes >= largeRead ? 0 : pauseMs()
    if (ms === 0) return read(size)
    const cancel = () => {
      timer.cancel()
    }
    const timer = timers.after(ms, () => {
      socket.off('close', cancel)
      read(size)
    })
    socket.once('close', cancel)
  }
}
