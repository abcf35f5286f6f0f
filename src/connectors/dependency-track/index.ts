import { defineConnector } from '../../engine/manifest.ts'
import { dependencyTrackSchema } from './config.ts'

export default defineConnector({
  sinks: [dependencyTrackSchema],
  support: [{ system: 'dependency-track', name: 'OWASP Dependency-Track' }],
})
