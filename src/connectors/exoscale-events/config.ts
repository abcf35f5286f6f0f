import {
  choice,
  Complaint,
  defineSchema,
  duration,
  group,
  leaseComplaint,
  leaseFields,
  list,
  secret,
  text,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'
import { isSecure } from '../../net/http/loopback.ts'

const zone = group(
  {
    name: text(
      { description: 'Its name', required: true, example: 'ch-gva-2' },
      { pattern: /[a-z]+(?:-[a-z0-9]+)+/, expects: 'a zone such as `ch-gva-2`' },
    ),
    endpoint: urlText(
      {
        description: 'Base URL of the API without its version. Unset: `https://api-<name>.exoscale.com`',
        default: null,
        example: 'https://api-ch-gva-2.exoscale.com',
      },
      { schemes: ['https', 'http'] },
    ),
  },
  { description: 'A zone', required: true, example: { name: 'ch-gva-2' } },
)

export const exoscaleEventsSchema = defineSchema({
  type: 'exoscale-events',
  role: 'source',
  summary: 'Reads Exoscale audit events (API v2, `/event`): actor, action, resource and outcome',
  fields: {
    key: secret({
      description: 'API key; its role must allow `list-events`',
      required: true,
      example: 'env:EXOSCALE_API_KEY',
    }),
    secret: secret({ description: 'Secret of the API key', required: true, example: 'env:EXOSCALE_API_SECRET' }),
    zones: list(zone, {
      description: 'Zones to poll. An event that several zones return is emitted once',
      required: true,
      example: [{ name: 'ch-gva-2' }, { name: 'de-fra-1' }],
    }),
    organization: text({
      description: 'Id of the organization of the key. Unset: read from the API, which requires `get-organization`',
      default: null,
      example: '10a1f2d3-0000-4111-8222-333344445555',
    }),
    every: duration({ description: 'Poll interval per zone', default: '60s' }, { min: '1s', max: '1h' }),
    look_back: duration(
      {
        description:
          'Maximum delay until an event becomes visible; each request, including the first, starts this far back',
        default: '10m',
      },
      { min: '1m', max: '1d' },
    ),
    backfill: duration(
      { description: 'Start of the first request, relative to now', default: null, example: '7d' },
      { min: '1m', max: '30d' },
    ),
    leave_out: list(
      choice(['body-params', 'get-params', 'message'], {
        description: 'A field',
        required: true,
        example: 'body-params',
      }),
      {
        description: 'Event fields to remove. In the other fields, secret values are always replaced',
        default: [],
        example: ['body-params'],
      },
    ),
    timeout: duration({ description: 'Timeout of one response', default: '30s' }, { min: '10ms', max: '10m' }),
    ...leaseFields,
    tls,
  },
  check({ zones, lease, ack, tls: secured }) {
    const unheld = leaseComplaint({ lease, ack })
    if (unheld !== null) return unheld
    if (zones.length === 0) return new Complaint('no zone is listed', 'write `zones: [{name: ch-gva-2}]`', ['zones'])
    if (new Set(zones.map(({ name }) => name)).size < zones.length)
      return new Complaint('a zone is listed twice', 'list each once', ['zones'])
    const open = zones.find(({ endpoint }) => endpoint !== null && !isSecure(endpoint))
    if (open !== undefined)
      return new Complaint(`events of ${open.name} would be fetched over plain HTTP`, 'write https://', ['zones'])
    return secured !== null && zones.some(({ endpoint }) => endpoint?.startsWith('http:') === true)
      ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
      : null
  },
})

export type ExoscaleEventsConfig = ConfigOf<typeof exoscaleEventsSchema>
export type ZoneConfig = ExoscaleEventsConfig['zones'][number]
