import { CommandError } from '../client.ts'

type Made = Readonly<{ type: string; [setting: string]: unknown }>

const forms: readonly (readonly [scheme: RegExp, form: string, make: (url: URL, text: string) => Made])[] = [
  [/^nats$/, 'nats://HOST:4222', (_, url) => ({ type: 'nats', url })],
  [/^kafka$/, 'kafka://HOST:9092,HOST:9092/TOPIC', kafka],
  [/^amqps?$/, 'amqp://HOST:5672', (_, url) => ({ type: 'rabbitmq', url })],
  [/^(?:neo4j|bolt)(?:\+s|\+ssc)?$/, 'neo4j://HOST:7687', (_, url) => ({ type: 'neo4j', url })],
  [/^clickhouse\+https?$/, 'clickhouse+http://HOST:8123', behind('clickhouse')],
  [/^elasticsearch\+https?$/, 'elasticsearch+https://HOST:9200', behind('elasticsearch')],
  [/^loki\+https?$/, 'loki+http://HOST:3100', behind('loki')],
  [/^https?$/, 'https://HOST/PATH', (_, url) => ({ type: 'http', url })],
]

export const sinkForms: readonly string[] = [...forms.map(([, form]) => form), 'file:PATH', 'stdout']

type Webhook = Readonly<{ id: string; variable: string; settings: Readonly<Record<string, unknown>> }>

const message = { title: '{{rule}} is {{state}}', text: '{{annotations.summary}}', from: ['alerts'] }

/** Receivers of messages for users. The path of their URL is a secret. */
const webhooks: readonly (readonly [is: (url: URL) => boolean, webhook: Webhook])[] = [
  [
    ({ hostname }) => hostname === 'hooks.slack.com',
    { id: 'slack', variable: 'SLACK_WEBHOOK_URL', settings: { template: 'slack', ...message } },
  ],
  [
    ({ hostname }) =>
      /\.(?:webhook\.office\.com|logic\.azure\.com|environment\.api\.powerplatform\.com)$/.test(hostname),
    { id: 'teams', variable: 'TEAMS_WEBHOOK_URL', settings: { template: 'teams', ...message } },
  ],
  [
    ({ pathname }) => /\/api\/v2\/alerts\/?$/.test(pathname),
    {
      id: 'alertmanager',
      variable: 'ALERTMANAGER_URL',
      settings: { template: 'alertmanager', mode: 'batched', from: ['alerts'] },
    },
  ],
]

/** Slack, Teams or Alertmanager, which take alerts. */
export function webhookOf(text: string): Webhook | undefined {
  if (!/^https?:/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return webhooks.find(([is]) => is(url))?.[1]
}

/** Entries of `sinks`, by id. Throws CommandError for a URL of another form, and for one with a password. */
export function sinksOf(urls: readonly string[]): Readonly<Record<string, Made>> {
  const sinks: Record<string, Made> = {}
  for (const text of urls) {
    const webhook = webhookOf(text.trim())
    const made = webhook === undefined ? sinkOf(text.trim()) : { type: 'http', url: 'env:', ...webhook.settings }
    const name = webhook?.id ?? made.type
    let at = 1
    const numbered = (separator: string) => (at === 1 ? '' : `${separator}${at}`)
    while (Object.hasOwn(sinks, name + numbered('-'))) at++
    sinks[name + numbered('-')] =
      webhook === undefined ? made : { ...made, url: `env:${webhook.variable}${numbered('_')}` }
  }
  return sinks
}

function sinkOf(text: string): Made {
  if (text === 'stdout') return { type: 'stdout' }
  const path = /^file:(?:\/\/(?=\/))?(.+)$/.exec(text)?.[1]
  if (path !== undefined) return { type: 'file', path }
  const scheme = /^([a-z][a-z0-9+]*):\/\/./.exec(text)?.[1] ?? ''
  const form = forms.find(([pattern]) => pattern.test(scheme))
  if (form === undefined)
    throw new CommandError(
      `\`${text}\` is not the URL of a sink.`,
      [`Use one of ${sinkForms.join(', ')}.`, '`weir create` lists all sinks for weir.yaml.'],
      2,
    )
  // The WHATWG parser knows no list of hosts.
  const first = text.replace(/^([^/]+\/\/[^/,]+),[^/]*/, '$1')
  if (!URL.canParse(first)) throw new CommandError(`\`${text}\` is not a URL.`, [`Use the form ${form[1]}.`], 2)
  const url = new URL(first)
  if (url.password !== '' || /,[^/]*@/.test(text))
    throw new CommandError(
      `The URL of the sink at ${url.host} contains a password.`,
      ['Leave it out, and set `auth` of the sink in weir.yaml to a reference, env:NAME or file:/path.'],
      2,
    )
  return form[2](url, text)
}

function kafka(url: URL, text: string): Made {
  const brokers = /^kafka:\/\/([^/?#]+)/.exec(text)?.[1]?.split(',') ?? []
  const topic = decodeURIComponent(url.pathname.replace(/^\//, ''))
  return { type: 'kafka', brokers, ...(topic === '' ? {} : { topic }) }
}

function behind(type: string) {
  return (_: URL, text: string): Made => ({ type, url: text.slice(type.length + 1) })
}
