/** State of sources, sinks and the journal. Times are Unix ms. */
import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Num,
  Object as ObjectOf,
  Optional,
  String as Text,
} from 'typebox'
import { countsByName, oneOf, type Of } from '../schema.ts'

const moment = () => Num({ description: 'Unix ms.' })

const Feed = ObjectOf(
  {
    records: Integer({ description: 'Accepted records since the start.' }),
    lastRecord: Optional(moment()),
    connected: Optional(Flag()),
    reconnects: Optional(Integer({ description: 'Connections that were opened again.' })),
    gaps: Optional(
      ObjectOf(
        {
          count: Integer(),
          missing: Integer({ description: 'Missing numbers of all gaps.' }),
          last: Optional(ObjectOf({ time: moment(), key: Text(), from: Integer(), to: Integer() })),
        },
        { description: 'In sequence numbers. `last`: the first and last missing number.' },
      ),
    ),
    poll: Optional(
      ObjectOf({
        last: Optional(moment()),
        next: Optional(moment()),
        cursor: Optional(Text({ description: 'Position of the next request.' })),
      }),
    ),
    refused: Optional(countsByName({ description: 'Rejected requests or messages, by reason.' })),
    unparsed: Optional(
      countsByName({ description: 'Messages stored as text because their format is unknown, by sender.' }),
    ),
    targets: Optional(ObjectOf({ known: Integer(), failing: Integer() })),
    why: Optional(Text({ description: 'Why no data arrives.' })),
  },
  { description: 'State of a source of a feed: websocket, polled API, queue, push or scrape.' },
)

export const Ledger = ObjectOf(
  {
    balanced: Flag(),
    sources: ArrayOf(
      ObjectOf({
        name: Text(),
        accepted: Integer(),
        duplicates: Integer(),
        unreadable: Integer({ description: 'Accepted rows that are unreadable after damage on disk.' }),
        shed: countsByName(),
      }),
    ),
    sinks: ArrayOf(
      ObjectOf({
        name: Text(),
        state: Optional(
          oneOf(['orphaned', 'forgotten'], {
            description:
              'For a sink that is no longer configured: `orphaned` sinks retain pending rows until they ' +
              'return or are forgotten.',
          }),
        ),
        from: ArrayOf(Text()),
        filtered: countsByName(),
        routed: Integer(),
        delivered: Integer(),
        dead_lettered: Integer(),
        dropped: countsByName(),
        quarantined: Integer(),
        pending: Integer(),
        expired: Optional(
          countsByName({
            description:
              'Of the store: delivered rows that retention removed since, by reason: `age`, `size`, or `disk` if the ' +
              'volume lacked room.',
          }),
        ),
      }),
    ),
  },
  {
    $id: 'Ledger',
    description:
      'Balanced: for every sink, accepted rows of its sources = filtered + routed, and routed = delivered + ' +
      'dead_lettered + dropped + quarantined + pending.',
  },
)
export type Ledger = Of<typeof Ledger>

export const Pipeline = ObjectOf(
  {
    sources: ArrayOf(
      ObjectOf({
        name: Text(),
        type: Text(),
        addresses: ArrayOf(Text()),
        rate: Num({ description: 'Rows per second.' }),
        silentMs: Optional(
          Num({
            description:
              'Since rows were last accepted, or since the start if only earlier runs accepted rows; absent: none.',
          }),
        ),
        feed: Optional(Feed),
        error: Optional(Text()),
      }),
    ),
    sinks: ArrayOf(
      ObjectOf({
        name: Text(),
        type: Text(),
        from: ArrayOf(Text()),
        lagMs: Num(),
        waitMs: Optional(Num({ description: '`delivery.wait`, by which rows may be late.' })),
        state: oneOf(['running', 'retrying', 'blocked', 'stopped', 'orphaned']),
        error: Optional(Text()),
        size: Optional(
          ObjectOf(
            { bytes: Integer(), maxBytes: Integer() },
            { description: 'Of the embedded store: bytes of its files, and the limit.' },
          ),
        ),
      }),
    ),
    journal: ObjectOf({ bytes: Integer(), segments: Integer(), sequence: Integer() }),
  },
  { $id: 'Pipeline' },
)
export type Pipeline = Of<typeof Pipeline>

export const Health = ObjectOf(
  {
    live: Flag(),
    ready: Flag({ description: 'Whether it is ready; otherwise `reasons` explains why not.' }),
    accepting: Flag({ description: 'Whether posted data is currently accepted.' }),
    draining: Flag(),
    reasons: ArrayOf(Text()),
    warnings: ArrayOf(Text()),
    version: Text(),
  },
  { $id: 'Health' },
)
export type Health = Of<typeof Health>

export const ReloadReport = ObjectOf(
  { ok: Flag(), changed: ArrayOf(Text()), problems: ArrayOf(Text()) },
  { $id: 'ReloadReport' },
)
export type ReloadReport = Of<typeof ReloadReport>

export const ForgottenSink = ObjectOf({ dropped: Integer() })
export type ForgottenSink = Of<typeof ForgottenSink>
