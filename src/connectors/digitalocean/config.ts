import { isSecure } from '../../net/http/loopback.ts'
import {
  Complaint,
  defineSchema,
  duration,
  leaseComplaint,
  leaseFields,
  secret,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'

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
    timeout: duration({ description: 'Timeout of one response', default: '30s' }, { min: '10ms', max: '10m' }),
    ...leaseFields,
    tls,
  },
  check({ endpoint, lease, ack, tls: secured }) {
    const unheld = leaseComplaint({ lease, ack })
    if (unheld !== null) return unheld
    if (!isSecure(endpoint))
      return new Complaint('the token would be sent over plain HTTP', 'write https://', ['endpoint'])
    return secured !== null && endpoint.startsWith('http:')
      ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
      : null
  },
})

export type DigitaloceanConfig = ConfigOf<typeof digitaloceanSchema>
