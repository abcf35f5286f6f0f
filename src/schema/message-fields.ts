import { ackField } from './ack-field.ts'
import { messageCodec } from './codec-fields.ts'
import { group, mapping } from './collections.ts'
import { Complaint } from './complaint.ts'
import { bytes, duration } from './quantities.ts'
import { recordComplaint, recordFields } from './record-fields.ts'
import { choice, integer, text } from './scalars.ts'
import { auth, tls } from './shared.ts'
import type { z } from 'zod'

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
      isUrl: true,
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

/** Settings of buses where one message per flow costs more than the flow. */
export const packFields = {
  pack_flows: group(
    {
      rows: integer(
        {
          description:
            'Maximum flows of one message. A message is within one batch of `delivery`, and `delivery.wait` bounds ' +
            'the time that flows wait for others',
          unit: 'flows',
          default: 500,
        },
        { min: 1, max: 10_000 },
      ),
      bytes: bytes(
        {
          description: 'Maximum body of one message, below the limit of the bus. A larger one is halved',
          default: '192KiB',
        },
        { min: '1KiB', max: '16MiB' },
      ),
      format: choice(['json', 'protobuf', 'lines'], {
        description:
          '`json`, `protobuf`: a batch of CloudEvents (`application/cloudevents-batch+json`, `…+protobuf`), which ' +
          "Weir's sources read. `lines`: the data of each flow on a line (`application/x-ndjson`)",
        default: 'json',
      }),
    },
    {
      description:
        'Sends many flows in one message, with the number of flows in header `rows`, whatever `mode` is. Events stay ' +
        'one message each. Unset: one message for each flow',
      default: null,
      example: { rows: 500 },
    },
  ),
}

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
  parse: group(
    recordFields,
    {
      description:
        'Parses the content of messages on arrival, as the transform `parse` does. Only the result is stored, for ' +
        'half of the processor time and disk. Unset: messages are stored as they are',
      default: null,
      example: { to: 'point', name: 'tick', labels: ['symbol'], fields: ['price'] },
    },
    recordComplaint,
  ),
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

export function messageComplaint({
  codec,
  kollect_fields,
  oversize,
  mode,
  claims,
  pack_flows: pack = null,
}: {
  codec: string
  kollect_fields: string
  oversize: string
  mode: string
  claims: ClaimPlace | null
  pack_flows?: object | null
}): Complaint | null {
  if (codec === 'kollect' && pack !== null)
    return new Complaint("kollect's messages hold no flows", 'leave out `pack_flows`, or `codec: kollect`', [
      'pack_flows',
    ])
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

export type ClaimPlace = z.output<typeof readClaims> & object
