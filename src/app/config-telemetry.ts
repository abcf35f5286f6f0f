import { traceTarget } from '../model/trace-target.ts'
import { Complaint, group, integer, text } from '../schema/index.ts'

export const telemetryGroup = group(
  {
    traces: group(
      {
        url: text(
          {
            description:
              'Destination of spans: `otlp://`, `otlps://`, `http://` or `https://` for OTLP over HTTP, ' +
              '`zipkin://` for Zipkin',
            default: null,
            example: 'otlp://collector:4318',
          },
          { pattern: /.+/s, expects: 'a URL', isUrl: true },
        ),
        sample: integer(
          {
            description:
              'Trace sampling interval: 1 in N traces is sent. An event belongs to the same trace on every instance',
            default: 1,
          },
          { min: 1, max: 1_000_000 },
        ),
      },
      { description: 'Traces of changes and of sink writes', default: {} },
      ({ url }) => {
        const target = url === null ? undefined : traceTarget(url)
        return target?.is === 'problem' ? new Complaint(target.message, undefined, ['url']) : null
      },
    ),
    netobserv_prefix: text(
      {
        description:
          'Prefix of further metrics at `ops` under the names of flowlogs-pipeline: `ingest_flows_processed`, ' +
          '`ingest_errors`, `records_written`, `stage_in_queue_size`, `loki_…`. Unset: none',
        default: null,
        example: 'netobserv_',
      },
      { pattern: /(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?/, expects: 'letters, digits, `_` and `:`' },
    ),
  },
  { description: 'Traces and further metrics of Weir itself', default: {} },
)
