import { duration, bytes } from './quantities.ts'
import { filePath, flag, integer, secret, text } from './scalars.ts'
import { group, variants } from './collections.ts'
import { Complaint } from './complaint.ts'
import type { z } from 'zod'

/** Minimum length of tokens that Weir checks: shorter ones can be guessed within hours. */
export const leastToken = 8

export const tls = group(
  {
    ca_file: filePath(
      { description: "Certificates to trust instead of the system's, PEM", default: null, example: '/etc/weir/ca.pem' },
      { holds: 'certificate' },
    ),
    cert_file: filePath(
      { description: 'Client certificate with its chain, PEM', default: null, example: '/etc/weir/tls.crt' },
      { holds: 'certificate' },
    ),
    key_file: filePath(
      { description: 'Private key of the certificate, PEM', default: null, example: '/etc/weir/tls.key' },
      { holds: 'key' },
    ),
    server_name: text({
      description: 'Expected name in the server certificate, if it differs from the host',
      default: null,
      example: 'nats.example.com',
    }),
    verify: flag({
      description: 'Verify the server certificate; disable only for tests',
      default: true,
    }),
  },
  {
    description: 'TLS settings. Unset: plain connections, unless the URL scheme requires TLS',
    default: null,
    example: { ca_file: '/etc/weir/ca.pem' },
  },
  ({ cert_file, key_file }) => {
    if ((cert_file === null) === (key_file === null)) return null
    const missing = cert_file === null ? 'cert_file' : 'key_file'
    return new Complaint(`\`${missing}\` is missing; a certificate and its key go together`)
  },
)

export const retry = group(
  {
    initial: duration(
      { description: 'Wait before the first retry; each further wait is about twice as long', default: '500ms' },
      { min: '1ms' },
    ),
    max_wait: duration({ description: 'Longest wait between two attempts', default: '30s' }, { min: '1ms' }),
    max_elapsed: duration({
      description: 'Time after which a batch becomes dead letters. Unset: retried as long as it is retained',
      default: null,
      example: '1h',
    }),
  },
  { description: 'Retries after transient failures', default: {} },
  ({ initial, max_wait }) =>
    initial <= max_wait ? null : new Complaint('`initial` is longer than `max_wait`', undefined, ['initial']),
)

export const batch = group(
  {
    events: integer(
      { description: 'Maximum events in one batch', unit: 'events', default: 1000 },
      { min: 1, max: 1_000_000 },
    ),
    bytes: bytes({ description: 'Maximum size of one batch', default: '1MiB' }, { min: '1B', max: '64MiB' }),
    wait: duration({ description: 'Maximum wait after the first event', default: '1s' }),
  },
  { description: 'Batch limits; a batch is sent when the first is reached', default: {} },
)

export const userFields = (example: string, description = 'Password of the user', user = 'weir') => ({
  user: text({ description: 'User name', required: true, example: user }),
  password: secret({ description, required: true, example }),
})

export const auth = variants(
  {
    none: {},
    bearer: {
      token: secret({
        description: 'Bearer token of the `Authorization` header',
        required: true,
        example: 'env:API_TOKEN',
      }),
    },
    basic: {
      ...userFields('file:/run/secrets/password'),
    },
  },
  { description: 'Authentication', default: { type: 'none' } },
)

export type Tls = NonNullable<z.output<typeof tls>>
export type Retry = z.output<typeof retry>
export type Batch = z.output<typeof batch>
export type Auth = z.output<typeof auth>
