import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Accepts CloudEvents and rejects types com.example.bad and com.example.bad.size, each with its own reason. */
export class Partner {
  readonly taken: { id: string; type: string }[] = []
  #server: Server | undefined

  async open(): Promise<string> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const event = {
          id: String(request.headers['ce-id'] as string),
          type: String(request.headers['ce-type'] as string),
        }
        if (event.type === 'com.example.bad') return response.writeHead(400).end('bad type')
        if (event.type === 'com.example.bad.size') return response.writeHead(400).end('bad size')
        this.taken.push(event)
        return response.writeHead(202).end()
      })
    })
    this.#server = server
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise((resolve) => void (this.#server?.close(resolve) ?? resolve(undefined)))
  }
}
