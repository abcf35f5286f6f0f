import type { Secret, Tls } from '../../schema/index.ts'

/** An AMQP 0.9.1 server. */
export interface AmqpServer {
  readonly url: string
  readonly fallback_urls: readonly string[]
  readonly vhost: string
  readonly auth:
    | { readonly type: 'guest' }
    | { readonly type: 'user'; readonly user: string; readonly password: Secret }
    | { readonly type: 'external' }
  readonly tls: Tls | null
  /** ms, of connecting and of one confirm. */
  readonly timeout: number
  /** ms. */
  readonly heartbeat: number
}

/** `amq.default` is the default exchange. */
export interface AmqpTarget extends AmqpServer {
  readonly exchange: string
  /** Objects to create if missing. */
  readonly declare: {
    readonly type: 'topic' | 'direct' | 'fanout' | 'headers'
    readonly queue: string | null
    /** Null: no argument, the server's default. */
    readonly queue_type: 'quorum' | 'classic' | 'stream' | null
    readonly binding: string
  } | null
}

export interface AmqpMessage {
  readonly routingKey: string
  /** UTF-8. */
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  /** Equal for every attempt at this event, from any instance. */
  readonly messageId: string
  readonly body: Buffer
}
