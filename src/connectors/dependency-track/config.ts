import { defineSchema, duration, flag, integer, secret, text, tls, urlText, type ConfigOf } from '../../schema/index.ts'

const template = {
  pattern: /(?:[^{}]|\{\{ *\.(?:ProjectName|EnvironmentName|ServiceName|EnvironmentType) *\}\})+/,
  expects: 'text with {{ .ProjectName }}, {{ .EnvironmentName }}, {{ .ServiceName }} or {{ .EnvironmentType }}',
} as const

export const dependencyTrackSchema = defineSchema({
  type: 'dependency-track',
  role: 'sink',
  summary: 'Uploads CycloneDX reports to projects of OWASP Dependency-Track',
  fields: {
    url: urlText(
      { description: 'Base URL of the API server', required: true, example: 'https://dtrack.example.com' },
      { schemes: ['http', 'https'] },
    ),
    api_key: secret({
      description: 'API key',
      required: true,
      example: 'file:/run/secrets/dependency-track',
    }),
    root: text({ description: 'Name of the root project', default: '{{ .ProjectName }}' }, template),
    parent: text(
      { description: 'Name of the project below the root', default: '{{ .ProjectName }}-{{ .EnvironmentName }}' },
      template,
    ),
    project: text(
      {
        description: 'Name of its project',
        default: '{{ .ProjectName }}-{{ .EnvironmentName }}-{{ .ServiceName }}',
      },
      template,
    ),
    version: text({ description: 'Version of that project', default: 'unset' }, template),
    production_only: flag({
      description: 'Upload reports of production environments only',
      default: true,
    }),
    processing: duration(
      { description: 'Wait for the processing before the upload is repeated', default: '5m' },
      { min: '1s', max: '1h' },
    ),
    concurrency: integer(
      { description: 'Maximum uploads at a time', unit: 'uploads', default: 4 },
      { min: 1, max: 64 },
    ),
    timeout: duration({ description: 'Timeout of one request', default: '10s' }, { min: '10ms' }),
    tls,
  },
})

export type DependencyTrackConfig = ConfigOf<typeof dependencyTrackSchema>
