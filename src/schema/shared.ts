import { duration, bytes } from './quantities.ts'
import { choice, filePath, flag, integer, secret, text } from './scalars.ts'
import { group, mapping, variants } from './collections.ts'
import { ackSink } from './ack.ts'
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

/** Credentials of a client. */
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
      user: text({ description: 'User name', required: true, example: 'weir' }),
      password: secret({ description: 'Password of the user', required: true, example: 'file:/run/secrets/password' }),
    },
  },
  { description: 'Authentication', default: { type: 'none' } },
)

const tcpFlags = choice(['number', 'names'], {
  description: 'Encoding of TCP flags in `netobserv-json`',
  default: 'number',
})

const inCloudEvents =
  "`json` is a CloudEvent with the fields of the registry, `netobserv-json` a record as NetObserv's pipeline writes it"

/** Encoding of a message sink. */
export const messageCodec = {
  codec: choice(['json', 'netobserv-json', 'kollect'], {
    description:
      `Encoding of messages. For flows, ${inCloudEvents}; events are CloudEvents with either. ` +
      `\`kollect\` writes changes of Kubernetes objects as kollect's protobuf and supports no other rows`,
    default: 'json',
  }),
  kollect_fields: choice(['all', 'original'], {
    description:
      "Fields of `kollect` messages: `original` writes kollect's own, `all` adds Weir's (numbers from 16), " +
      'which consumers of kollect skip',
    default: 'all',
  }),
  tcp_flags: tcpFlags,
}

const claimFields = {
  store: text(
    {
      description: 'Folder, or base URL for `PUT` and `GET`; each body is stored under its SHA-256',
      required: true,
      example: '/mnt/weir-claims',
    },
    {
      pattern: /\/[^\0]*|https?:\/\/[^\s?#@]+/,
      expects: 'an absolute folder path, or an http:// or https:// URL without `?`',
    },
  ),
  auth,
  headers: mapping(text({ description: 'Value of a header', required: true, example: 'BlockBlob' }), {
    description: 'Additional headers of every request',
    default: {},
    example: { 'x-ms-blob-type': 'BlockBlob' },
  }),
  tls,
}

const keptClaims = group(
  {
    ...claimFields,
    keep: duration(
      {
        description:
          'Retention of bodies in a folder; it must exceed the longest absence of a reader. Weir deletes ' +
          'nothing below a URL',
        default: '7d',
      },
      { min: '1m' },
    ),
  },
  {
    description: 'Storage for bodies of oversized messages, with `oversize: claim-check`',
    default: null,
    example: { store: '/mnt/weir-claims' },
  },
)
const readClaims = group(claimFields, {
  description: 'Storage from which the bodies of claim-check messages are fetched; other URLs are never fetched',
  default: null,
  example: { store: '/mnt/weir-claims' },
})

/** Fields of every message sink. `mode`: default of the setting. */
export const messageFields = (mode: 'binary' | 'structured') => ({
  ...messageCodec,
  mode: choice(['binary', 'structured', 'protobuf', 'raw'], {
    description:
      '`binary`: CloudEvents attributes as message headers, data as body. `structured`: one CloudEvent in ' +
      'JSON. `protobuf`: one CloudEvent in protobuf. `raw`: the data only',
    default: mode,
  }),
  oversize: choice(['dead-letter', 'patch-only', 'split', 'claim-check'], {
    description:
      'Action for an event that exceeds the size limit of the bus. `patch-only`: updates carry only the ' +
      'patch and deletions no last state, both marked `reduced`. `split`: the body is sent in numbered ' +
      'parts, which one reader joins. `claim-check`: the body is stored in `claims`, and the message refers ' +
      'to it. Events that still do not fit become dead letters',
    default: 'dead-letter',
  }),
  part_size: bytes(
    {
      description:
        'Maximum body size of a part, with `oversize: split`: the limit of the bus minus attributes, or ' +
        'three quarters of it where bodies are base64',
      default: '160KiB',
    },
    { min: '1KiB', max: '8MiB' },
  ),
  claims: keptClaims,
  concurrency: integer(
    {
      description:
        'Maximum unacknowledged messages. Messages with the same key are sent one at a time if the bus ' +
        'itself does not preserve their order',
      unit: 'messages',
      default: 1024,
    },
    { min: 1, max: 16_384 },
  ),
  timeout: duration(
    {
      description:
        'Timeout of connecting and of one acknowledgement. A send ends after at most twice this time; for ' +
        'split messages this applies to each part',
      default: '10s',
    },
    { min: '10ms' },
  ),
})

/** When a source acknowledges. */
export const ackField = (description: string) =>
  text(
    { description, default: 'journal', example: 'sink:bus' },
    { pattern: /journal|sink:[A-Za-z0-9][A-Za-z0-9_-]{0,62}/, expects: '`journal` or `sink:<id>`' },
  )

/** Leader election of polling sources with separate journals. */
export const leaseFields = {
  lease: group(
    {
      name: text(
        {
          description:
            'Name of a Kubernetes `Lease`: one of several instances with separate journals polls, the others ' +
            'stand by. The Lease also stores the position and newest ids, so an instance without a volume ' +
            'can resume. The account needs `get`, `create` and `update` on it',
          required: true,
          example: 'weir-cts',
        },
        { pattern: /[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/, expects: 'a name of lower-case letters, digits and `-`' },
      ),
      namespace: text({
        description: 'Namespace of the Lease. Unset: the namespace of the pod or kubeconfig, else `default`',
        default: null,
        example: 'weir',
      }),
      kubeconfig: filePath(
        {
          description: 'Kubeconfig file. Unset: `KUBECONFIG`, else the service account of the pod',
          default: null,
          example: '/etc/weir/kubeconfig',
        },
        { holds: 'anything' },
      ),
      duration: duration(
        {
          description: 'Time without renewal after which another instance takes over',
          default: '10s',
        },
        { min: '2s', max: '5m' },
      ),
    },
    { description: 'Leader election and checkpoint outside the journal', default: null, example: { name: 'weir-cts' } },
  ),
  ack: ackField(
    'Rows that the checkpoint in the lease covers: rows in the journal, or rows that a sink settled ' +
      '(delivered, filtered or dead-lettered). With a sink, no row is lost even if the journal has no volume. ' +
      'That sink needs `when_behind: block`',
  ),
}

/** Validates the combination of `leaseFields`. */
export function leaseComplaint({
  lease,
  ack,
}: {
  readonly lease: object | null
  readonly ack: string
}): Complaint | null {
  return lease === null && ackSink(ack) !== undefined
    ? new Complaint(
        '`ack` defines what the checkpoint in a lease covers, and no `lease` is set',
        'set `lease`, or leave out `ack`',
        ['ack'],
      )
    : null
}

/** Fields of every message source. */
export const messageSourceFields = {
  codec: choice(['cloudevents', 'kollect', 'json', 'raw'], {
    description:
      'Encoding of messages. `cloudevents`: binary, structured (JSON or protobuf) or batched mode. ' +
      '`kollect`: events of the family `change`. `json` or `raw`: each message becomes an event of ' +
      '`event_type`. An unreadable message becomes an event of type `weir.message.rejected` with its bytes ' +
      'and the reason',
    default: 'cloudevents',
  }),
  event_type: text({
    description: 'Type of the events that `codec: json` and `codec: raw` create',
    default: 'io.weir.message',
  }),
  ack: ackField(
    'When messages are acknowledged to the bus: after the append to the journal, or after a sink settled ' +
      'them (delivered, filtered or dead-lettered). That sink needs `when_behind: block`',
  ),
  buffer: bytes(
    {
      description:
        'Maximum bytes of unacknowledged messages before reading pauses. They wait for the journal, or for ' +
        'the sink with `ack: sink:<id>`',
      default: '8MiB',
    },
    { min: '64KiB', max: '1GiB' },
  ),
  join_bytes: bytes(
    {
      description:
        'Maximum bytes of parts that wait for the rest of their message. Beyond it the oldest are stored as ' +
        'unreadable messages',
      default: '64MiB',
    },
    { min: '1MiB', max: '1GiB' },
  ),
  join_wait: duration(
    {
      description:
        'Maximum wait of parts for the rest of their message; after it they are stored as unreadable messages',
      default: '5m',
    },
    { min: '1s', max: '1h' },
  ),
  claims: readClaims,
}

/** Validates the combination of `messageFields`. */
export function messageComplaint({
  codec,
  kollect_fields,
  oversize,
  mode,
  claims,
}: {
  readonly codec: string
  readonly kollect_fields: string
  readonly oversize: string
  readonly mode: string
  readonly claims: ClaimPlace | null
}): Complaint | null {
  if ((oversize === 'claim-check') !== (claims !== null)) {
    return claims === null
      ? new Complaint('`oversize: claim-check` needs a store', 'add `claims: {store: /mnt/weir-claims}`, or a URL', [
          'oversize',
        ])
      : new Complaint('`claims` is set, but `oversize` does not use it', 'set `oversize: claim-check`', ['claims'])
  }
  if (oversize === 'patch-only' && codec === 'kollect' && kollect_fields === 'original')
    return new Complaint(
      "kollect's own fields cannot hold a patch",
      'leave out `oversize`, or `kollect_fields: original`',
      ['oversize'],
    )
  return codec === 'kollect' && mode === 'structured'
    ? new Complaint(
        "kollect's messages are bytes, and would go out as base64 in JSON",
        "set `mode: raw`, which kollect's consumers read, or `mode: binary`",
        ['mode'],
      )
    : null
}

/** Encoding of a sink of lines. */
/** Of a source of flows. */
export const flowCluster = text({
  description:
    'Cluster of the flows that carry none: value of field `cluster` and scope of their addresses, so that only ' +
    'workloads of that cluster name them. Unset: the cluster that holds an address',
  default: null,
  example: 'prod-west',
})

export const flowLineCodec = {
  codec: choice(['json', 'netobserv-json', 'csv'], {
    description:
      `Encoding of flows: ${inCloudEvents}, \`csv\` a row. Events are CloudEvents; CSV does not ` + 'support them',
    default: 'json',
  }),
  tcp_flags: tcpFlags,
}

export type ClaimPlace = z.output<typeof readClaims> & object
export type Tls = NonNullable<z.output<typeof tls>>
export type Retry = z.output<typeof retry>
export type Batch = z.output<typeof batch>
export type Auth = z.output<typeof auth>
