import { defineConnector } from '../../engine/manifest.ts'
import { ipfixSchema } from './config.ts'

export default defineConnector({
  sinks: [ipfixSchema],
  support: [{ system: 'ipfix', name: 'IPFIX collectors', parts: ['UDP', 'TCP'] }],
})
