import type { Secret, Tls } from '../../schema/index.ts'

export type AmqpServer = Readonly<{
  url: string
  fallback_urls: readonly string[]
  vhost: string
  auth:
    | { readonly type: 'guest' }
    | Readonly<{ type: 'user'; user: string; password: Secret }>
    | { readonly type: 'external' }
  tls: Tls | null
  timeout: number
  heartbeat: number
}>

/** `amq.default` is the default exchange. */
export interface AmqpTarget extends AmqpServer {
  readonly exchange: string
  readonly declare: Readonly<{
    type: 'topic' | 'direct' | 'fanout' | 'headers'
    queue: string | null
    /** Null: no argument, the server's default. */
    queue_type: 'quorum' | 'classic' | 'stream' | null
    binding: string
  }> | null
}

export type AmqpMessage = Readonly<{
  routingKey: string
  headers: Readonly<Record<string, string>>
  contentType: string | undefined
  /** Equal for every attempt at this event, from any instance. */
  messageId: string
  body: Buffer
}>
