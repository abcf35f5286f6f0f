import { defineConnector } from '../../engine/manifest.ts'
import { syslogSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: syslogSchema, thread: 'watch' },
  metrics,
  support: [{ system: 'syslog', name: 'Syslog (RFC 5424, RFC 3164)', remark: 'the protocol has no acknowledgement' }],
})
