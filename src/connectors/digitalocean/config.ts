import { polledApiComplaint, polledApiFields } from '../../net/http/polled-api-settings.ts'
import { defineSchema, duration, secret, urlText, type ConfigOf } from '../../schema/index.ts'

export const digitaloceanSchema = defineSchema({
  type: 'digitalocean',
  role: 'source',
  summary: 'Reads the resources and balance of a DigitalOcean team (API v2)',
  fields: {
    token: secret({
      description: 'API token with read scopes; a list that it denies is reported, and the others are read',
      required: true,
      example: 'env:DIGITALOCEAN_TOKEN',
    }),
    endpoint: urlText(
      { description: 'Base URL, without its version', default: 'https://api.digitalocean.com' },
      { schemes: ['https', 'http'] },
    ),
    every: duration(
      { description: 'Interval of resources that change often: droplets, clusters, volumes', default: '2m' },
      { min: '1s', max: '1d' },
    ),
    every_slow: duration(
      { description: 'Interval of domains, snapshots, addresses and networks', default: '10m' },
      { min: '1s', max: '1d' },
    ),
    every_balance: duration({ description: 'Interval of the balance', default: '15m' }, { min: '1s', max: '1d' }),
    ...polledApiFields,
  },
  check: (settings) => polledApiComplaint(settings, 'the token would be sent over plain HTTP'),
})

export type DigitaloceanConfig = ConfigOf<typeof digitaloceanSchema>
