/** The part of the configuration that says what Weir tells of itself to others; metrics and log apart. */
import { traceTarget } from '../model/trace-target.ts'
import { Complaint, group, integer, text } from '../schema/index.ts'

export const telemetryGroup = group(
  {
    traces: group(
      {
        url: text({
          description:
            "Where spans are sent to: `otlp://`, `otlps://`, `http://` or `https://` for OpenTelemetry's protocol over HTTP, `zipkin://` for Zipkin",
          default: null,
          example: 'otlp://collector:4318',
        }),
        sample: integer(
          {
            description: 'Spans are kept of one trace out of so many; an event is in the same trace everywhere',
            default: 1,
          },
          { min: 1, max: 1_000_000 },
        ),
      },
      { description: 'Traces of changes and of what sinks write', default: {} },
      ({ url }) => {
        const target = url === null ? undefined : traceTarget(url)
        return target?.is === 'problem' ? new Complaint(target.message, undefined, ['url']) : null
      },
    ),
  },
  { description: 'What Weir tells of itself, beside metrics and log', default: {} },
)
