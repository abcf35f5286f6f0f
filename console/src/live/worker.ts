/** Runs the stream in a shared worker, so that rows are parsed off the main threads. */
import { LiveEngine } from './engine.ts'
import type { FromTab } from './messages.ts'

const engine = new LiveEngine()

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  if (port === undefined) return
  const take = engine.join((message) => port.postMessage(message))
  port.onmessage = ({ data }: MessageEvent<FromTab>) => take(data)
})
