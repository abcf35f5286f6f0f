// The agent's client: `pbflow.Collector/Send` over gRPC.
import { Client, credentials, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js'

export interface AgentClient {
  /** Resolves with the code of the response: 0 is success. */
  send(message: Uint8Array): Promise<{ readonly code: number; readonly details: string }>
  close(): void
}

export function agentClient(address: string, secure: ChannelCredentials = credentials.createInsecure()): AgentClient {
  const client = new Client(address.replace(/^grpcs?:\/\//, ''), secure)
  const bytes = (value: Uint8Array): Buffer => Buffer.from(value)
  return {
    send: (message) =>
      new Promise((resolve) => {
        const respond = (error: ServiceError | null): void =>
          resolve(error === null ? { code: status.OK, details: '' } : { code: error.code, details: error.details })
        client.makeUnaryRequest('/pbflow.Collector/Send', bytes, (value: Buffer) => value, message, respond)
      }),
    close: () => client.close(),
  }
}
