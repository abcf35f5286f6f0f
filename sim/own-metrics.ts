/** The metrics of the demo's Weir, for its own source. Empty until Weir serves them, so that no scrape fails. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type OwnMetrics = Readonly<{ url: string; close(): Promise<void> }>

export async function relayMetrics(target: string): Promise<OwnMetrics> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    fetch(target)
      .then(async (answer) => answer.text())
      .catch(() => '')
      .then((text) => response.end(text))
      .catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
