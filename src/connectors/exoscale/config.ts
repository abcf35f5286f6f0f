import { polledApiComplaint, polledApiFields } from '../../net/http/polled-api-settings.ts'
import { defineSchema, duration, flag, list, secret, text, urlText, type ConfigOf } from '../../schema/index.ts'

export const exoscaleSchema = defineSchema({
  type: 'exoscale',
  role: 'source',
  summary: 'Reads the resources, balance and quotas of an Exoscale organization in all zones (API v2)',
  fields: {
    key: secret({
      description: 'API key; a list that its role denies is reported, and the others are read',
      required: true,
      example: 'env:EXOSCALE_API_KEY',
    }),
    secret: secret({ description: 'Secret of the API key', required: true, example: 'env:EXOSCALE_API_SECRET' }),
    endpoint: urlText(
      {
        description: 'Base URL, without its version, for lists of the whole organization and for the list of zones',
        default: 'https://api-ch-gva-2.exoscale.com',
      },
      { schemes: ['https', 'http'] },
    ),
    zones: list(
      text(
        { description: 'A zone', required: true, example: 'ch-gva-2' },
        { pattern: /[a-z]+(?:-[a-z0-9]+)+/, expects: 'a zone such as `ch-gva-2`' },
      ),
      { description: 'Zones to read. Empty: all zones', default: [], example: ['ch-gva-2', 'de-fra-1'] },
    ),
    organization: text({
      description: 'Id of the organization of the key. Unset: read from the API, which requires `get-organization`',
      default: null,
      example: '10a1f2d3-0000-4111-8222-333344445555',
    }),
    every: duration(
      { description: 'Interval of resources that change often: instances, pools, clusters, volumes', default: '2m' },
      { min: '1s', max: '1d' },
    ),
    every_slow: duration(
      { description: 'Interval of DNS, keys, security groups, networks, buckets and quotas', default: '10m' },
      { min: '1s', max: '1d' },
    ),
    every_balance: duration({ description: 'Interval of the balance', default: '15m' }, { min: '1s', max: '1d' }),
    legacy_names: flag({
      description: 'Also exports metrics under the names of exoscale-exporter (`exoscale_*`)',
      default: false,
    }),
    ...polledApiFields,
  },
  check: (settings) => polledApiComplaint(settings, 'resources would be fetched over plain HTTP'),
})

export type ExoscaleConfig = ConfigOf<typeof exoscaleSchema>
