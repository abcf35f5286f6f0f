import { bytes, Complaint, defineSchema, duration, flag, integer, messageComplaint, messageFields, messageSourceFields, secret, text, type ConfigOf } from '../../schema/index.ts'

const name = { pattern: /[\p{L}\p{N}][\p{L}\p{N}._/-]{0,259}/u, expects: 'the name of a queue or topic: up to 260 letters, digits and `._-/`' }
const sessionName = { pattern: /[^\p{Cc}]{1,128}/u, expects: 'up to 128 characters' }

const server = {
  connection_string: secret({ description: 'Connection string of the namespace, queue or topic, with `SharedAccessKeyName` and `SharedAccessKey`, or with `SharedAccessSignature`; read again whenever Service Bus refuses it', required: true, example: 'file:/run/secrets/servicebus' }),
}

export const serviceBusSchema = defineSchema({
  type: 'azure-servicebus',
  role: 'sink',
  summary: 'Sends events as CloudEvents to a queue or topic of Azure Service Bus (AMQP 1.0), and waits until it has each of them',
  fields: {
    ...server,
    entity: text({ description: 'Queue or topic to send to', required: true, example: 'changes' }, name),
    sessions: flag({ description: 'Whether events of a key have it as their session, so that a queue or subscription with sessions gives them out in order; one with sessions takes nothing without', default: false }),
    default_session: text({ description: 'Session of what has no key, where `sessions` is set', default: 'weir' }, sessionName),
    partition_key: flag({ description: 'Whether events of a key have it as their partition key, which keeps them in one partition of a partitioned queue or topic; with `sessions` the session does that', default: false }),
    time_to_live: duration({ description: 'For so long Service Bus keeps a message; left out, for as long as queue or topic say', default: null, example: '14d' }, { min: '1s' }),
    max_message: bytes({ description: 'Most bytes of a message with everything; left out, what the namespace says when we connect (256 KiB in tier standard, 1 MiB to 100 MiB in premium)', default: null, example: '256KiB' }, { min: '1KiB', max: '100MiB' }),
    ...messageFields('binary'),
  },
  check({ sessions, partition_key: partition, ...message }) {
    if (sessions && partition) return new Complaint('with sessions the session is the partition key', 'leave out `partition_key`', ['partition_key'])
    return messageComplaint(message)
  },
})

export const serviceBusSourceSchema = defineSchema({
  type: 'azure-servicebus',
  role: 'source',
  summary: 'Reads events from a queue of Azure Service Bus, or a subscription of a topic (AMQP 1.0), and completes what is synced',
  fields: {
    ...server,
    entity: text({ description: 'Queue to read, or the topic of `subscription`', required: true, example: 'events' }, name),
    subscription: text({ description: 'Subscription to read; left out, `entity` is a queue', default: null, example: 'weir' }, { pattern: /[\p{L}\p{N}][\p{L}\p{N}._-]{0,49}/u, expects: 'the name of a subscription: up to 50 letters, digits and `._-`' }),
    sessions: flag({ description: 'Whether queue or subscription has sessions; what is in one session is then read in order, by one Weir at a time', default: false }),
    session_count: integer({ description: 'Most sessions that are read at once, where `sessions` is set', unit: 'sessions', default: 8 }, { min: 1, max: 128 }),
    prefetch: integer({ description: 'Most messages that may come before they are asked for, of each session where there are sessions', unit: 'messages', default: 256 }, { min: 1, max: 1000 }),
    timeout: duration({ description: 'How long one answer may take', default: '10s' }, { min: '10ms' }),
    ...messageSourceFields,
  },
})

export type ServiceBusSourceConfig = ConfigOf<typeof serviceBusSourceSchema>
export type ServiceBusConfig = ConfigOf<typeof serviceBusSchema>
/** What a connection needs, whichever way it is used. */
export type ServiceBusServer = Pick<ServiceBusConfig, 'connection_string' | 'timeout'>
