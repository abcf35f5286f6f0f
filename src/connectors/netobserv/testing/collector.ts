// A server of `genericmap.Collector` that decodes without the tested codec, and shows faults.
import { Server, ServerCredentials, status, type handleUnaryCall } from '@grpc/grpc-js'
import { ProtoMessage } from '../../../../test/kit/proto-read.ts'

export interface Collector {
  readonly url: string
  readonly flows: Readonly<Record<string, unknown>>[]
  /** A code other than OK refuses the flow. */
  reply: (flow: Readonly<Record<string, unknown>>) => number | 'silence' | 'cut'
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function collector(
  credentials = ServerCredentials.createInsecure(),
  service = 'genericmap.Collector',
): Promise<Collector> {
  const bytes = (message: Uint8Array): Buffer => Buffer.from(message)
  const same = (message: Buffer): Buffer => message
  const definition = {
    Send: {
      path: `/${service}/Send`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: same,
      responseSerialize: bytes,
      responseDeserialize: same,
    },
  } as const
  const take: handleUnaryCall<Uint8Array, Uint8Array> = (call, respond) => {
    const json = new ProtoMessage(call.request).message(1).text(2)
    const flow = JSON.parse(json) as Record<string, unknown>
    const reply = made.reply(flow)
    if (reply === 'silence') return
    if (reply === status.OK || reply === 'cut') made.flows.push(flow)
    if (reply === 'cut') return void made.restart()
    if (reply === status.OK) respond(null, new Uint8Array(0))
    else respond({ code: reply, details: 'by the test' })
  }
  const listen = async (port: number): Promise<{ readonly server: Server; readonly port: number }> => {
    const server = new Server()
    server.addService(definition, { Send: take })
    const bound = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, found) =>
        error === null ? resolve(found) : reject(error),
      ),
    )
    return { server, port: bound }
  }
  let running = await listen(0)
  const { port } = running
  const made: Collector = {
    url: `grpc://127.0.0.1:${port}`,
    flows: [],
    reply: () => status.OK,
    async restart() {
      running.server.forceShutdown()
      running = await listen(port)
    },
    stop() {
      running.server.forceShutdown()
      return Promise.resolve()
    },
  }
  return made
}
