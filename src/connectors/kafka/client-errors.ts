import type { Attempt } from '../../engine/delivery/in-order.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import type { ClusterConfig } from './client-connect.ts'

/** Error codes of a broker for one partition (codes of the protocol). */
const duplicateSequence = 46
const tooLarge: ReadonlySet<number> = new Set([10, 18])
/** One record of the batch is invalid: corrupt, a time out of range, or no key in a compacted topic. */
const badRecord: ReadonlySet<number> = new Set([2, 32, 87])
/** The leader may have stored the batch, without confirmation of the replicas. */
const maybeStoredCodes: ReadonlySet<number> = new Set([7, 20])
/** The broker does not know the producer: sequence numbers restart. */
const unknownProducerCodes: ReadonlySet<number> = new Set([45, 47, 59, 90])
/** The leader of the partition has changed, or the topic was deleted. */
const staleMetadataCodes: ReadonlySet<number> = new Set([3, 5, 6, 56, 74, 75, 76, 100])

const topicAuthorizationFailed = 29
const unknownTopicOrPartition = 3
const notEnoughReplicas = 19

export type BatchOutcome =
  | { readonly is: 'stored' }
  /** The batch may be halved: only one message of it is to blame. */
  | { readonly is: 'blame'; readonly reason: string; readonly tooLarge: boolean }
  /** `unsure`: it may be stored. `stranger`: sequence numbers are void. `stale`: what is known of the topic is. */
  | {
      readonly is: 'retry'
      readonly reason: string
      readonly maybeStored: boolean
      readonly unknownProducer: boolean
      readonly staleMetadata: boolean
    }

/** The outcome of a batch of one partition. `says`: the broker's message, if any; `name` of the code. */
export function batchOutcome(code: number, name: string, brokerMessage: string | null, topic: string): BatchOutcome {
  if (code === 0 || code === duplicateSequence) return { is: 'stored' }
  if (tooLarge.has(code))
    return {
      is: 'blame',
      tooLarge: true,
      reason: `larger than topic ${topic} takes (max.message.bytes, or the broker's message.max.bytes)`,
    }
  if (badRecord.has(code))
    return { is: 'blame', tooLarge: false, reason: `topic ${topic} does not take it: ${brokerMessage ?? name}` }
  return {
    is: 'retry',
    reason: why(code, brokerMessage ?? name, topic),
    maybeStored: maybeStoredCodes.has(code),
    unknownProducer: unknownProducerCodes.has(code),
    staleMetadata: staleMetadataCodes.has(code),
  }
}

function why(code: number, brokerMessage: string, topic: string): string {
  if (code === topicAuthorizationFailed) return writeDenied(topic)
  if (code === unknownTopicOrPartition) return noTopic(topic)
  if (code === notEnoughReplicas)
    return `topic ${topic}: fewer replicas are in sync than \`min.insync.replicas\` asks for`
  if (staleMetadataCodes.has(code))
    return `topic ${topic}: who leads its partitions has just changed (${brokerMessage}); asked for again`
  return `topic ${topic}: ${brokerMessage}`
}

export function noTopic(topic: string): string {
  return `there is no topic ${topic}; create it, or set \`create_topic: true\``
}

export function writeDenied(topic: string): string {
  return (
    `the brokers do not let us write to topic ${topic}; give the user that right (WRITE and DESCRIBE), or ` +
    `correct \`topic\``
  )
}

/** Why a topic is unavailable, from the error of its request. */
export function whyNoTopic(error: unknown, topic: string): string {
  const text = errorText(error)
  if (text.startsWith('Unknown topic')) return noTopic(topic)
  const id = apiIdOf(error)
  if (id === 'TOPIC_AUTHORIZATION_FAILED') return writeDenied(topic)
  return `topic ${topic} can't be had (${text})`
}

/** Why there is no connection, and the action to take. */
export function whyNotConnected(error: unknown, { brokers, auth, tls }: ClusterConfig): string {
  const at = brokers.map(formatHostPort).join(', ')
  const text = errorText(error)
  if (/^a secret refers to|^the TLS file/.test(text)) return text
  if (/suitable SASL mechanism/.test(text))
    return `${at} knows no login of type ${auth.type} (${text}); correct \`auth\``
  if (/SASL|authenticat|token is not taken|AUTHENTICATION|Credential|\bnonce\b/i.test(text))
    return `${at} refuses our login (${text}); correct \`auth\``
  if (/requires TLS/.test(text)) return `${at} speaks TLS alone; set \`tls: {}\``
  if (
    /alert (?:number|bad|unsupported|certificate|unknown|handshake)|certificate required|handshake failure/i.test(text)
  )
    return `${at} wants a certificate of ours that it knows (${text}); correct \`tls.cert_file\` and \`tls.key_file\``
  if (/AUTHORIZATION_FAILED/.test(text))
    return `${at} does not let us publish (${text}); give the user the right to write to a topic`
  if (/COORDINATOR_(?:LOAD_IN_PROGRESS|NOT_AVAILABLE)/.test(text)) return `${at} is not ready yet (${text})`
  // A broker that expects TLS or a login closes the connection without a message.
  const required = [
    ...(auth.type === 'none' ? ['a login (`auth`)'] : []),
    ...(tls === null
      ? ['TLS (`tls`)']
      : [`${tls.cert_file === null ? 'a' : 'another'} certificate of ours (\`tls.cert_file\`)`]),
  ]
  if (text.startsWith('Connection closed')) return `${at} hangs up (${text}); does it want ${required.join(', or ')}?`
  return `${at} can't be reached (${text})`
}

/** Why a broker did not accept requests in flight. */
export function whyLost(error: unknown, config: ClusterConfig, broker: HostPort | undefined): string {
  const text = errorText(error)
  // A rejected login or certificate fails at connection time, not here.
  if (broker !== undefined && /^(?:Connection (?:closed|error)|Request timed out|no answer)/.test(text))
    return `broker ${formatHostPort(broker)} is lost (${text})`
  return whyNotConnected(error, broker === undefined ? config : { ...config, brokers: [broker] })
}

export function away(reason: string): Attempt {
  return { is: 'retry', reason, away: true }
}

/** The messages of the deepest errors, without repetitions. */
export function errorText(error: unknown): string {
  const found = new Set<string>()
  walk(error, (one, deeper) => {
    if (!deeper) found.add(messageIn(one))
  })
  return [...found].join('; ')
}

/** Name of the protocol's error inside an error. */
export function apiIdOf(error: unknown): string | undefined {
  let id: string | undefined
  walk(error, (one) => {
    if (id === undefined && 'apiId' in one && typeof one.apiId === 'string') id = one.apiId
  })
  return id
}

function messageIn(error: Error): string {
  const [id, brokerMessage] = [
    'apiId' in error ? error.apiId : undefined,
    'serverErrorMessage' in error ? error.serverErrorMessage : undefined,
  ]
  // Only the sentence of OpenSSL's line.
  const message = /:SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] ?? error.message
  const words =
    typeof brokerMessage === 'string' && brokerMessage !== '' ? brokerMessage : message === '' ? error.name : message
  return typeof id === 'string' && words !== id ? `${words} ${id}` : words
}

/** These messages are clearer than their cause. */
const clearMessage = /requires TLS|suitable SASL|^a secret refers to|^the TLS file/

/** `deeper`: the error has an inner one. */
function walk(error: unknown, visit: (error: Error, deeper: boolean) => void): void {
  if (!(error instanceof Error)) {
    visit(new Error(String(error)), false)
    return
  }
  const inner: readonly unknown[] = clearMessage.test(error.message)
    ? []
    : error instanceof AggregateError
      ? (error.errors as readonly unknown[])
      : error.cause instanceof Error
        ? [error.cause]
        : []
  visit(error, inner.length > 0)
  for (const one of inner) walk(one, visit)
}
