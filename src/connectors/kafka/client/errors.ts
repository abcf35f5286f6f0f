import { formatHostPort, type HostPort } from '../../../schema/values.ts'
import type { ClusterConfig } from './connect.ts'

const duplicateSequence = 46
const tooLarge = new Set([10, 18])
/** Corrupt message, invalid timestamp, or no key in a compacted topic. */
const badRecord = new Set([2, 32, 87])
/** The leader may have stored the batch without its replicas. */
const maybeStoredCodes = new Set([7, 20])
const unknownProducerCodes = new Set([45, 47, 59, 90])
const staleMetadataCodes = new Set([3, 5, 6, 56, 74, 75, 76, 100])

const topicAuthorizationFailed = 29
const unknownTopicOrPartition = 3
const notEnoughReplicas = 19

export type BatchOutcome =
  | { readonly is: 'stored' }
  | Readonly<{ is: 'invalid'; reason: string; tooLarge: boolean }>
  /** `unknownProducer`: sequence numbers restart. */
  | Readonly<{
      is: 'retry'
      reason: string
      maybeStored: boolean
      unknownProducer: boolean
      staleMetadata: boolean
    }>

export function batchOutcome(code: number, name: string, brokerMessage: string | null, topic: string): BatchOutcome {
  if (code === 0 || code === duplicateSequence) return { is: 'stored' }
  if (tooLarge.has(code))
    return {
      is: 'invalid',
      tooLarge: true,
      reason: `exceeds the limit of topic ${topic} (max.message.bytes, or the broker's message.max.bytes)`,
    }
  if (badRecord.has(code))
    return { is: 'invalid', tooLarge: false, reason: `topic ${topic} rejected it: ${brokerMessage ?? name}` }
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
  if (code === notEnoughReplicas) return `topic ${topic} has fewer in-sync replicas than \`min.insync.replicas\``
  if (staleMetadataCodes.has(code))
    return `the leader of a partition of topic ${topic} changed (${brokerMessage}); retrying`
  return `topic ${topic}: ${brokerMessage}`
}

export function noTopic(topic: string): string {
  return `topic ${topic} not found; create it, or set \`create_topic: true\``
}

function writeDenied(topic: string) {
  return `the brokers deny writing to topic ${topic}; grant the user WRITE and DESCRIBE, or correct \`topic\``
}

export function whyNoTopic(error: unknown, topic: string): string {
  const text = errorText(error)
  if (text.startsWith('Unknown topic')) return noTopic(topic)
  const id = apiIdOf(error)
  if (id === 'TOPIC_AUTHORIZATION_FAILED') return writeDenied(topic)
  return `topic ${topic} is unavailable (${text})`
}

export function whyNotConnected(error: unknown, { brokers, auth, tls }: ClusterConfig): string {
  const at = brokers.map(formatHostPort).join(', ')
  const text = errorText(error)
  if (/^a secret refers to|^the TLS file/.test(text)) return text
  if (/suitable SASL mechanism/.test(text))
    return `${at} does not support \`auth.type: ${auth.type}\` (${text}); correct \`auth\``
  if (/SASL|authenticat|token was rejected|AUTHENTICATION|Credential|\bnonce\b/i.test(text))
    return `${at} rejected the login (${text}); correct \`auth\``
  if (/requires TLS/.test(text)) return `${at} requires TLS; set \`tls: {}\``
  if (
    /alert (?:number|bad|unsupported|certificate|unknown|handshake)|certificate required|handshake failure/i.test(text)
  )
    return (
      `${at} requires a client certificate that it trusts (${text}); correct \`tls.cert_file\` and ` +
      `\`tls.key_file\``
    )
  if (/AUTHORIZATION_FAILED/.test(text))
    return `${at} denies publishing (${text}); grant the user permission to write to a topic`
  if (/COORDINATOR_(?:LOAD_IN_PROGRESS|NOT_AVAILABLE)/.test(text)) return `${at} is not ready yet (${text})`
  const required = [
    ...(auth.type === 'none' ? ['a login (`auth`)'] : []),
    ...(tls === null
      ? ['TLS (`tls`)']
      : [`${tls.cert_file === null ? 'a' : 'another'} client certificate (\`tls.cert_file\`)`]),
  ]
  if (text.startsWith('Connection closed'))
    return `${at} closed the connection (${text}); check whether it requires ${required.join(', or ')}`
  return `${at} can't be reached (${text})`
}

export function whyLost(error: unknown, config: ClusterConfig, broker: HostPort | undefined): string {
  const text = errorText(error)
  // A rejected login fails at connection time.
  if (broker !== undefined && /^(?:Connection (?:closed|error)|Request timed out|no response)/.test(text))
    return `the connection to broker ${formatHostPort(broker)} is lost (${text})`
  return whyNotConnected(error, broker === undefined ? config : { ...config, brokers: [broker] })
}

export function errorText(error: unknown): string {
  const results = new Set<string>()
  walk(error, (cause, deeper) => {
    if (!deeper) results.add(messageIn(cause))
  })
  return [...results].join('; ')
}

export function apiIdOf(error: unknown): string | undefined {
  let id: string | undefined
  walk(error, (cause) => {
    if (id === undefined && 'apiId' in cause && typeof cause.apiId === 'string') id = cause.apiId
  })
  return id
}

function messageIn(error: Error): string {
  const [id, brokerMessage] = [
    'apiId' in error ? error.apiId : undefined,
    'serverErrorMessage' in error ? error.serverErrorMessage : undefined,
  ]
  const message = /:SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] ?? error.message
  const words =
    typeof brokerMessage === 'string' && brokerMessage !== '' ? brokerMessage : message === '' ? error.name : message
  return typeof id === 'string' && words !== id ? `${words} ${id}` : words
}

const clearMessage = /requires TLS|suitable SASL|^a secret refers to|^the TLS file/

function walk(error: unknown, visit: (error: Error, deeper: boolean) => void) {
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
  for (const value of inner) walk(value, visit)
}
