import {
  auth,
  bytes,
  Complaint,
  defineSchema,
  duration,
  group,
  list,
  mapping,
  secret,
  text,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'

const pointer = { pattern: /\/.*/, expects: 'a JSON pointer such as `/type`' } as const
const value = text({ description: 'A value', required: true, example: 'heartbeat' })

export const websocketSchema = defineSchema({
  type: 'websocket',
  role: 'source',
  summary: 'Receives the messages of a websocket feed, and counts gaps in their sequence',
  fields: {
    url: urlText(
      { description: 'Address of the feed', required: true, example: 'wss://feed.example.com/v1' },
      { schemes: ['ws', 'wss'] },
    ),
    query: mapping(secret({ description: 'The value', required: true, example: 'env:FEED_KEY' }), {
      description: 'Secret parameters of the query, by name',
      default: {},
      example: { apikey: 'env:FEED_KEY' },
    }),
    auth,
    tls,
    protocols: list(text({ description: 'A subprotocol', required: true, example: 'v1.json' }), {
      description: 'Subprotocols to offer',
      default: [],
      example: ['v1.json'],
    }),
    subscribe: list(
      text({ description: 'A message', required: true, example: '{"type":"subscribe","channels":["ticker"]}' }),
      {
        description: 'Text messages to send in order after each connect',
        default: [],
        example: ['{"type":"subscribe","channels":["ticker"]}'],
      },
    ),
    ack: group(
      {
        match: mapping(value, {
          description: 'Values that identify the response to a subscription, by JSON pointer',
          required: true,
          example: { '/event': 'subscribe-status' },
        }),
        fails: text(
          {
            description: 'JSON pointer to the rejected subscriptions: the source is degraded while there are some',
            default: null,
            example: '/fails',
          },
          pointer,
        ),
        timeout: duration(
          { description: 'Time after which the connection without this response is closed', default: '10s' },
          { min: '100ms', max: '10m' },
        ),
      },
      {
        description: 'Expected response to the subscription; it is not emitted',
        default: null,
        example: { match: { '/event': 'subscribe-status' } },
      },
    ),
    heartbeat: group(
      {
        message: text({ description: 'The message', required: true, example: '{"action":"heartbeat"}' }),
        every: duration({ description: 'Interval', default: '10s' }, { min: '100ms', max: '1h' }),
      },
      { description: 'Text message to send regularly', default: null, example: { message: '{"action":"heartbeat"}' } },
    ),
    ping: duration(
      {
        description: 'Interval of protocol pings; after three without a response the connection is closed',
        default: '15s',
      },
      { min: '100ms', max: '1h' },
    ),
    idle: duration(
      { description: 'Time without a message after which the connection is closed', default: '60s' },
      { min: '100ms', max: '24h' },
    ),
    max_message: bytes(
      { description: 'Maximum size of a message; a larger one ends the connection', default: '1MiB' },
      { min: '1KiB', max: '16MiB' },
    ),
    backoff: group(
      {
        initial: duration(
          { description: 'Longest delay before the first new connection', default: '500ms' },
          { min: '10ms' },
        ),
        max_wait: duration({ description: 'Longest delay', default: '30s' }, { min: '10ms' }),
      },
      {
        description: 'Delays between connections: random up to a limit that doubles. A connection of 60 s resets it',
        default: {},
      },
      ({ initial, max_wait }) =>
        initial <= max_wait ? null : new Complaint('`initial` is longer than `max_wait`', undefined, ['initial']),
    ),
    drop: mapping(list(value, { description: 'Values', required: true, example: ['heartbeat'] }), {
      description: 'Messages to drop, by JSON pointer and values',
      default: {},
      example: { '/type': ['heartbeat', 'subscriptions'] },
    }),
    sequence: group(
      {
        at: text({ description: 'JSON pointer to the number', required: true, example: '/sequence' }, pointer),
        by: list(text({ description: 'A JSON pointer', required: true, example: '/product_id' }, pointer), {
          description: 'JSON pointers to the values that have their own sequence',
          default: [],
          example: ['/product_id'],
        }),
      },
      {
        description: 'Sequence numbers: a gap is counted and emitted as event `weir.feed.gap`',
        default: null,
        example: { at: '/sequence', by: ['/product_id'] },
      },
    ),
    key: list(text({ description: 'A JSON pointer', required: true, example: '/trade_id' }, pointer), {
      description:
        'JSON pointers to values that identify a message: a repetition is skipped. Unset: those of `sequence`',
      default: [],
      example: ['/product_id', '/trade_id'],
    }),
    event_type: text({ description: 'Type of the events', default: 'feed.message' }),
  },
  check: ({ url, query }) => {
    const { searchParams } = new URL(url)
    const twice = Object.keys(query).find((name) => searchParams.has(name))
    return twice === undefined
      ? null
      : new Complaint(`\`url\` has the parameter \`${twice}\`, too`, undefined, ['query'])
  },
})

export type WebsocketConfig = ConfigOf<typeof websocketSchema>
