import { duration, bytes } from './quantities.ts'
import { choice, filePath, flag, integer, secret, text } from './scalars.ts'
import { group, mapping, variants } from './collections.ts'
import { ackSink } from './ack.ts'
import { Complaint } from './complaint.ts'
import type { z } from 'zod'

/** Least characters of a token that Weir itself checks: shorter ones can be guessed within hours. */
export const leastToken = 8

/** TLS towards a server, or of a listener; null: plain connections. */
export const tls = group(
  {
    ca_file: filePath(
      { description: "Certificates to trust instead of the system's, PEM", default: null, example: '/etc/weir/ca.pem' },
      { holds: 'certificate' },
    ),
    cert_file: filePath(
      { description: 'Own certificate with its chain, PEM', default: null, example: '/etc/weir/tls.crt' },
      { holds: 'certificate' },
    ),
    key_file: filePath(
      { description: 'Private key of the certificate, PEM', default: null, example: '/etc/weir/tls.key' },
      { holds: 'key' },
    ),
    server_name: text({
      description: "Name that the other side's certificate must have, when it is not the host",
      default: null,
      example: 'nats.example.com',
    }),
    verify: flag({
      description: "Whether the other side's certificate is checked; turn it off only to try something",
      default: true,
    }),
  },
  {
    description: 'TLS; left out, connections are plain unless the URL says otherwise',
    default: null,
    example: { ca_file: '/etc/weir/ca.pem' },
  },
  ({ cert_file, key_file }) => {
    if ((cert_file === null) === (key_file === null)) return null
    const missing = cert_file === null ? 'cert_file' : 'key_file'
    return new Complaint(`\`${missing}\` is missing; a certificate and its key go together`)
  },
)

/** How often a failed send is tried again. */
export const retry = group(
  {
    initial: duration(
      { description: 'Wait before the first retry; each further wait is about twice as long', default: '500ms' },
      { min: '1ms' },
    ),
    max_wait: duration({ description: 'Longest wait between two tries', default: '30s' }, { min: '1ms' }),
    give_up_after: duration({
      description:
        'Time after which a batch goes to the dead letters; left out, it is tried for as long as it is retained',
      default: null,
      example: '1h',
    }),
  },
  { description: 'Retries of what failed for a reason that may pass', default: {} },
  ({ initial, max_wait }) =>
    initial <= max_wait ? null : new Complaint('`initial` is longer than `max_wait`', undefined, ['initial']),
)

/** When a batch is sent: whichever comes first. */
export const batch = group(
  {
    events: integer({ description: 'Send at this many', unit: 'events', default: 1000 }, { min: 1, max: 1_000_000 }),
    bytes: bytes({ description: 'Send at this size', default: '1MiB' }, { min: '1B', max: '64MiB' }),
    wait: duration({ description: 'Send at the latest this long after the first event', default: '1s' }),
  },
  { description: 'How much is sent at once', default: {} },
)

/** How a client proves who it is. */
export const auth = variants(
  {
    none: {},
    bearer: {
      token: secret({ description: 'Token of the Authorization header', required: true, example: 'env:API_TOKEN' }),
    },
    basic: {
      user: text({ description: 'User name', required: true, example: 'weir' }),
      password: secret({ description: 'Password of the user', required: true, example: 'file:/run/secrets/password' }),
    },
  },
  { description: 'Proof of identity towards the server', default: { type: 'none' } },
)

/** How the flags of a flow are written where its codec leaves a choice. */
const tcpFlags = choice(['number', 'names'], {
  description: 'Form of TCP flags in `netobserv-json`',
  default: 'number',
})

const inCloudEvents =
  "`json` is a CloudEvent with the fields of the registry, `netobserv-json` a record as NetObserv's pipeline writes it"

/** How a sink of messages writes what it sends; spread into its fields. */
export const messageCodec = {
  codec: choice(['json', 'netobserv-json', 'kollect'], {
    description: `Form of messages. Of flows, ${inCloudEvents}, and events are CloudEvents with either. \`kollect\` writes changes of Kubernetes objects as kollect's protobuf, and has no form for anything else`,
    default: 'json',
  }),
  kollect_fields: choice(['all', 'original'], {
    description:
      "Fields of `kollect` messages: `original` has kollect's own, `all` what Weir adds behind them too (numbers from 16 on, which consumers of kollect skip)",
    default: 'all',
  }),
  tcp_flags: tcpFlags,
}

const claimFields = {
  store: text(
    {
      description:
        'Folder, or URL below which bodies are put by `PUT` and had by `GET`; a body lies there by its SHA-256',
      required: true,
      example: '/mnt/weir-claims',
    },
    {
      pattern: /\/[^\0]*|https?:\/\/[^\s?#@]+/,
      expects: 'the whole path of a folder, or a URL with http:// or https:// and without `?`',
    },
  ),
  auth,
  headers: mapping(text({ description: 'Value of a header', required: true, example: 'BlockBlob' }), {
    description: 'Further headers of every request',
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
          'So long a body stays in a folder, longer than its readers may be away; what is below a URL is removed by who owns that',
        default: '7d',
      },
      { min: '1m' },
    ),
  },
  {
    description: 'Where the body of a message that is too large is put, with `oversize: claim-check`',
    default: null,
    example: { store: '/mnt/weir-claims' },
  },
)
const readClaims = group(claimFields, {
  description: 'Where the bodies lie of messages that are only a claim to one; nothing else is ever fetched',
  default: null,
  example: { store: '/mnt/weir-claims' },
})

/** What a sink of a message bus has, whichever bus it is; spread into its fields. `mode`: how events go out unless one says otherwise. */
export const messageFields = (mode: 'binary' | 'structured') => ({
  ...messageCodec,
  mode: choice(['binary', 'structured', 'protobuf', 'raw'], {
    description:
      '`binary`: the attributes of a CloudEvent beside its data, as the bus has a place for them. `structured`: one CloudEvent in JSON. `protobuf`: one in protobuf, as the CloudEvents standard has it. `raw`: the data alone',
    default: mode,
  }),
  oversize: choice(['dead-letter', 'patch-only', 'split', 'claim-check'], {
    description:
      "What becomes of an event that is larger than the bus takes. `patch-only`: an update of an object is sent as the patch alone and a deletion without the last state, both marked `reduced`. `split`: its body is sent in numbered parts, which one reader joins. `claim-check`: its body is put into the store of `claims`, and a reference to it is sent. Whatever still can't go out is a dead letter",
    default: 'dead-letter',
  }),
  part_size: bytes(
    {
      description:
        'Most bytes of the body in a part, with `oversize: split`: what the bus takes, without attributes, and three quarters of that where bodies go out as base64',
      default: '160KiB',
    },
    { min: '1KiB', max: '8MiB' },
  ),
  claims: keptClaims,
  concurrency: integer(
    {
      description:
        'Most messages that may wait for their acknowledgement at once; those of one key go one after the other where the bus does not keep them in order itself',
      unit: 'messages',
      default: 1024,
    },
    { min: 1, max: 16_384 },
  ),
  timeout: duration(
    {
      description:
        'How long connecting, and one acknowledgement, may take; a send ends at the latest after twice this, of a message in parts after twice this for each',
      default: '10s',
    },
    { min: '10ms' },
  ),
})

/** When a source says "accepted". */
export const ackField = (description: string) =>
  text(
    { description, default: 'journal', example: 'sink:bus' },
    { pattern: /journal|sink:[A-Za-z0-9][A-Za-z0-9_-]{0,62}/, expects: '`journal` or `sink:<id>`' },
  )

/** By which Weirs with journals of their own take turns at a source that asks; spread into its fields. */
export const leaseFields = {
  lease: group(
    {
      name: text(
        {
          description:
            'Name of a Kubernetes `Lease`: of several Weirs with journals of their own one asks and the others stand by, and how far it is, with the newest ids, is kept there, so that one without a volume goes on from it. The account needs `get`, `create` and `update` of it',
          required: true,
          example: 'weir-cts',
        },
        { pattern: /[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/, expects: 'a name of small letters, digits and `-`' },
      ),
      namespace: text({
        description: 'Where that Lease is; left out, the namespace of the pod or of the kubeconfig, else `default`',
        default: null,
        example: 'weir',
      }),
      kubeconfig: filePath(
        {
          description: "File that says how the cluster is reached; left out, `KUBECONFIG`, else the pod's own account",
          default: null,
          example: '/etc/weir/kubeconfig',
        },
        { holds: 'anything' },
      ),
      duration: duration(
        {
          description: 'How long one that says nothing is thought to be alive; another takes over then',
          default: '10s',
        },
        { min: '2s', max: '5m' },
      ),
    },
    { description: 'Turns and state outside of the journal', default: null, example: { name: 'weir-cts' } },
  ),
  ack: ackField(
    'What the lease tells to be done: what is in the journal, or what a sink has settled (delivered, filtered or dead-lettered), so that nothing is lost with a journal that has no volume. That sink has `when_behind: block`',
  ),
}

/** A complaint where the settings of `leaseFields` do not go together, or null. */
export function leaseComplaint({
  lease,
  ack,
}: {
  readonly lease: object | null
  readonly ack: string
}): Complaint | null {
  return lease === null && ackSink(ack) !== undefined
    ? new Complaint('`ack` is what a lease tells to be done, and there is none', 'set `lease`, or leave out `ack`', [
        'ack',
      ])
    : null
}

/** What a source that reads a message bus has, whichever bus it is; spread into its fields. */
export const messageSourceFields = {
  codec: choice(['cloudevents', 'kollect', 'json', 'raw'], {
    description:
      "What messages are: `cloudevents` in binary, structured (JSON or protobuf) or batched mode; `kollect` makes its messages events of the family `change`; `json` or `raw` makes each message an event of `event_type`. What can't be read is kept as an event of type `weir.message.rejected`, with its bytes and the reason",
    default: 'cloudevents',
  }),
  event_type: text({
    description: 'Type of the events that `codec: json` and `codec: raw` make',
    default: 'io.weir.message',
  }),
  ack: ackField(
    'When messages are acknowledged to the bus: once they are in the journal, or once a sink has settled them (delivered, filtered or dead-lettered). That sink has `when_behind: block`, so that it gives up nothing',
  ),
  buffer: bytes(
    {
      description:
        'Most bytes of messages that may wait for the journal, with `ack: sink:<id>` for the sink, before no more are read',
      default: '8MiB',
    },
    { min: '64KiB', max: '1GiB' },
  ),
  join_bytes: bytes(
    {
      description:
        "Most bytes of parts that may wait for the rest of their messages; beyond it the oldest are kept as they are, as messages that can't be read",
      default: '64MiB',
    },
    { min: '1MiB', max: '1GiB' },
  ),
  join_wait: duration(
    { description: 'So long parts wait for the rest of their message before they are kept as they are', default: '5m' },
    { min: '1s', max: '1h' },
  ),
  claims: readClaims,
}

/** A complaint where the settings of `messageFields` do not go together, or null. */
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
      : new Complaint('`claims` is set, but nothing is put there', 'set `oversize: claim-check`', ['claims'])
  }
  if (oversize === 'patch-only' && codec === 'kollect' && kollect_fields === 'original')
    return new Complaint(
      "kollect's own fields have no place for a patch",
      'leave out `oversize`, or `kollect_fields: original`',
      ['oversize'],
    )
  return codec === 'kollect' && mode === 'structured'
    ? new Complaint(
        "kollect's messages are bytes, and would go out as base64 in JSON",
        "set `mode: raw`, which is what kollect's consumers read, or `mode: binary`",
        ['mode'],
      )
    : null
}

/** How a sink of lines writes flows; spread into its fields. */
export const flowLineCodec = {
  codec: choice(['json', 'netobserv-json', 'csv'], {
    description: `Form of flows: ${inCloudEvents}, \`csv\` a row. Events are CloudEvents, and have no place in CSV`,
    default: 'json',
  }),
  tcp_flags: tcpFlags,
}

export type ClaimPlace = z.output<typeof readClaims> & object
export type Tls = NonNullable<z.output<typeof tls>>
export type Retry = z.output<typeof retry>
export type Batch = z.output<typeof batch>
export type Auth = z.output<typeof auth>
